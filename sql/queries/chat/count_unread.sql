UPDATE chat_members SET
    read_sequence = ?3,
    unread = (
        SELECT count(*) FROM chat_copies c WHERE c.thread_id = ?1 AND c.receiver_id = ?2 AND c.sequence > ?3
    )
WHERE thread_id = ?1 AND user_id = ?2
