SELECT doctor_id, max_patients, work_schedule, is_available FROM doctors WHERE doctor_id = ?1
