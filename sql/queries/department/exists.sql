SELECT 1 FROM doctors WHERE department = ?1 LIMIT 1
