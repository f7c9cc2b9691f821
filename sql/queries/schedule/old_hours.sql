SELECT work_schedule, max_patients, department, is_available FROM doctors WHERE doctor_id = ?1
