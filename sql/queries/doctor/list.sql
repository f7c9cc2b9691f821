SELECT doctor_id, name, department, photo_path, max_patients, fee, work_schedule, is_available FROM doctors
WHERE doctor_id > ?1
ORDER BY doctor_id LIMIT ?2
