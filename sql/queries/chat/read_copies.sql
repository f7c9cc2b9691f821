UPDATE chat_messages SET is_read = 1 WHERE message_id IN (
    SELECT message_id FROM chat_copies
    WHERE thread_id = ?1 AND receiver_id = ?2 AND sequence > ?3 AND sequence <= ?4
)
