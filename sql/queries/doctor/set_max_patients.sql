UPDATE doctors SET max_patients = ?2 WHERE doctor_id = ?1
