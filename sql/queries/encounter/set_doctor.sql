UPDATE encounters SET doctor_id = ?2 WHERE encounter_id = ?1
