UPDATE doctors SET employee_id = ?2 WHERE doctor_id = ?1
