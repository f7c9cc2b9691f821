SELECT sequence, sender_id, content, sent_ms FROM chat_entries
WHERE thread_id = ?1 AND sequence BETWEEN ?2 AND ?3
ORDER BY sequence
