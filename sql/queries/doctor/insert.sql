INSERT INTO doctors (doctor_id, name, employee_id, department, photo_path, max_patients)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
