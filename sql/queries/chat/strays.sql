SELECT c.message_id, c.sender_id, c.receiver_id, c.content, c.sent_at, c.is_read
FROM chat_strays s
JOIN chat_messages c ON c.message_id = s.message_id
WHERE s.lower_id = min(?1, ?2) AND s.higher_id = max(?1, ?2) AND s.message_id < ?3
ORDER BY s.message_id DESC
LIMIT ?4
