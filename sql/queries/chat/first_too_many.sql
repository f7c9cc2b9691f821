SELECT sequence FROM chat_copies
WHERE thread_id = ?1 AND receiver_id = ?2 AND sequence > ?3 AND sequence <= ?4
ORDER BY sequence
LIMIT 1 OFFSET ?5
