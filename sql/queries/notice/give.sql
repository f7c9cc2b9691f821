INSERT INTO notices (patient_id, kind, appointment_id, text, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT DO NOTHING
