SELECT d.doctor_id, d.name, d.employee_id, d.department, d.is_available FROM doctors d
WHERE d.doctor_id > ?1
ORDER BY d.doctor_id LIMIT ?2
