INSERT INTO bed_stays (admission_id, patient_id, bed_id, from_ms, reason) VALUES (?1, ?2, ?3, ?4, ?5)
