UPDATE doctors SET is_available = ?2 WHERE doctor_id = ?1
