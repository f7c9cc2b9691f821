SELECT
    n.note_id, n.encounter_id, n.patient_id, n.author_id, n.state, n.version, n.created_ms, n.signed_ms, e.doctor_id,
    e.record_id,
    v.version, v.symptoms, v.diagnosis, v.advice, v.reason, v.author_id, v.written_ms
FROM record_notes n
JOIN encounters e ON e.encounter_id = n.encounter_id
JOIN record_versions v ON v.note_id = n.note_id AND v.version = n.version
WHERE n.encounter_id = ?1 AND n.note_id > ?2 AND (n.state = 'signed' OR n.state = 'draft' AND n.author_id = ?3)
ORDER BY n.note_id
LIMIT ?4
