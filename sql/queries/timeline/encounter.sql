SELECT encounter_id, doctor_id, state, department, class FROM encounters WHERE encounter_id = ?1
