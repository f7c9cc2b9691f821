SELECT
    encounter_id, patient_id, doctor_id, appointment_id, class, department, state, reason, record_id,
    created_ms, started_ms, ended_ms
FROM encounters
WHERE patient_id = ?1
    AND (created_ms, encounter_id) < (
        coalesce((SELECT created_ms FROM encounters WHERE encounter_id = ?2), 9223372036854775807), ?2
    )
ORDER BY created_ms DESC, encounter_id DESC
LIMIT ?3
