UPDATE doctors SET photo_path = ?2 WHERE doctor_id = ?1
