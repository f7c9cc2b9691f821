UPDATE chat_members SET
    active_ms = ?4,
    unread = unread + (user_id <> ?2),
    delivered_sequence = CASE WHEN user_id = ?2 AND delivered_sequence = ?3 - 1 THEN ?3 ELSE delivered_sequence END,
    read_sequence = CASE WHEN user_id = ?2 AND read_sequence = ?3 - 1 THEN ?3 ELSE read_sequence END
WHERE thread_id = ?1 AND left_ms IS NULL
    AND NOT EXISTS (SELECT 1 FROM chat_blocks b WHERE b.user_id = chat_members.user_id AND b.blocked_id = ?2)
