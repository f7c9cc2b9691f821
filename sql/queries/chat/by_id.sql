SELECT
    t.thread_id, t.kind, t.subject, t.patient_id, t.doctor_id, t.appointment_id, e.encounter_id,
    t.last_sequence, t.created_by, t.created_ms, t.closed_ms, a.appointment_time, e.state, e.ended_ms
FROM chat_threads t
LEFT JOIN appointments a ON a.appointment_id = t.appointment_id
LEFT JOIN encounters e ON e.encounter_id = coalesce(t.encounter_id, (
    SELECT x.encounter_id FROM encounters x WHERE x.appointment_id = t.appointment_id AND x.state <> 'cancelled'
))
WHERE t.thread_id = ?1
