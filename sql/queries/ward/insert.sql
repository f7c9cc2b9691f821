INSERT INTO wards (number, name, department) VALUES (?1, ?2, ?3)
