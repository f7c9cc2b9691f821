UPDATE doctors SET fee = ?2 WHERE doctor_id = ?1
