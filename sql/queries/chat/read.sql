UPDATE chat_members SET
    read_sequence = ?3,
    delivered_sequence = max(delivered_sequence, ?3),
    unread = unread - ?4
WHERE thread_id = ?1 AND user_id = ?2
