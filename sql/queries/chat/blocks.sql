SELECT blocked_id, blocked_ms FROM chat_blocks
WHERE user_id = ?1 AND blocked_id > ?2
ORDER BY blocked_id
LIMIT ?3
