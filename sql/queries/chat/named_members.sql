SELECT m.user_id, m.delivered_sequence, m.read_sequence, m.left_ms, u.role, coalesce(a.name, p.name, d.name)
FROM chat_members m
JOIN users u ON u.user_id = m.user_id
LEFT JOIN accounts a ON a.user_id = m.user_id
LEFT JOIN patients p ON p.patient_id = m.user_id
LEFT JOIN doctors d ON d.doctor_id = m.user_id
WHERE m.thread_id = ?1
ORDER BY m.user_id
LIMIT ?2
