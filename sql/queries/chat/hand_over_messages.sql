UPDATE chat_messages SET receiver_id = ?3 WHERE message_id IN (
    SELECT message_id FROM chat_copies WHERE thread_id = ?1 AND receiver_id = ?2 AND sequence > ?4
)
