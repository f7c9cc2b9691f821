SELECT
    encounter_id, patient_id, doctor_id, appointment_id, class, department, state, reason, record_id,
    created_ms, started_ms, ended_ms
FROM encounters
WHERE doctor_id = ?1 AND state = 'in_progress' AND encounter_id > ?2
ORDER BY encounter_id
LIMIT ?3
