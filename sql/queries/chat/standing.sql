SELECT
    t.kind, t.patient_id, t.created_by, t.last_sequence,
    m.delivered_sequence, m.read_sequence, m.unread, m.left_ms, m.left_sequence
FROM chat_threads t
LEFT JOIN chat_members m ON m.thread_id = t.thread_id AND m.user_id = ?2
WHERE t.thread_id = ?1
