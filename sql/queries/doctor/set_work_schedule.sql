UPDATE doctors SET work_schedule = ?2 WHERE doctor_id = ?1
