INSERT INTO waitlist (session_id, patient_id, joined_ms) VALUES (?1, ?2, ?3)
