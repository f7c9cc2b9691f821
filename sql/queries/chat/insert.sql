INSERT INTO chat_threads (
    kind, subject, patient_id, doctor_id, appointment_id, encounter_id, created_by, created_ms
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
