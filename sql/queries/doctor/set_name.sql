UPDATE doctors SET name = ?2 WHERE doctor_id = ?1
