SELECT doctor_id, name, department, photo_path, max_patients, fee, work_schedule, is_available FROM doctors
WHERE department = ?1 AND doctor_id > ?2
ORDER BY doctor_id LIMIT ?3
