SELECT
    encounter_id, patient_id, doctor_id, appointment_id, class, department, state, reason, record_id,
    created_ms, started_ms, ended_ms
FROM encounters
WHERE encounter_id = ?1
