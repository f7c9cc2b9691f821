INSERT INTO prescription_sheets (encounter_id, patient_id, doctor_id, state, created_ms)
VALUES (?1, ?2, ?3, 'draft', ?4)
