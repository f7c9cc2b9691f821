UPDATE doctors SET department = ?2 WHERE doctor_id = ?1
