SELECT m.thread_id, m.unread, m.active_ms, coalesce(m.left_sequence, t.last_sequence)
FROM chat_members m
JOIN chat_threads t ON t.thread_id = m.thread_id
WHERE m.user_id = ?1 AND m.unread > 0
ORDER BY m.active_ms DESC, m.thread_id DESC
LIMIT ?2
