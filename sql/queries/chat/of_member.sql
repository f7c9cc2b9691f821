SELECT
    t.thread_id, t.kind, t.subject, t.patient_id, t.doctor_id, t.appointment_id, e.encounter_id,
    t.last_sequence, t.created_by, t.created_ms, t.closed_ms, a.appointment_time, e.state, e.ended_ms,
    m.delivered_sequence, m.read_sequence, m.unread, m.active_ms, m.left_ms, m.left_sequence,
    l.sequence, l.sender_id, substr(l.content, 1, ?5), l.sent_ms
FROM chat_members m
JOIN chat_threads t ON t.thread_id = m.thread_id
LEFT JOIN appointments a ON a.appointment_id = t.appointment_id
LEFT JOIN encounters e ON e.encounter_id = coalesce(t.encounter_id, (
    SELECT x.encounter_id FROM encounters x WHERE x.appointment_id = t.appointment_id AND x.state <> 'cancelled'
))
LEFT JOIN chat_entries l ON l.thread_id = m.thread_id AND l.sequence = coalesce(m.left_sequence, t.last_sequence)
WHERE m.user_id = ?1 AND (m.active_ms, m.thread_id) < (?2, ?3)
ORDER BY m.active_ms DESC, m.thread_id DESC
LIMIT ?4
