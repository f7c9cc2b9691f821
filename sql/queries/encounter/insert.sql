INSERT INTO encounters (
    patient_id, doctor_id, appointment_id, class, department, state, record_id, created_by, created_ms, started_ms
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
