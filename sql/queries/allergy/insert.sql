INSERT INTO allergies (patient_id, substance, substance_key, severity, reaction, recorded_by, recorded_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
