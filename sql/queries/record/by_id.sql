SELECT
    n.note_id, n.encounter_id, n.patient_id, n.author_id, n.state, n.version, n.created_ms, n.signed_ms, e.doctor_id,
    e.record_id
FROM record_notes n
JOIN encounters e ON e.encounter_id = n.encounter_id
WHERE n.note_id = ?1
