SELECT encounter_id, doctor_id, state, substr(reason, 1, 200), kind FROM admissions WHERE admission_id = ?1
