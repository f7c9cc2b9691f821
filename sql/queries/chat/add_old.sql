INSERT INTO chat_messages (sender_id, receiver_id, content, sent_at, is_read)
SELECT ?2, user_id, ?3, ?4, 0
FROM chat_members
WHERE thread_id = ?1 AND user_id <> ?2 AND left_ms IS NULL
    AND NOT EXISTS (SELECT 1 FROM chat_blocks b WHERE b.user_id = chat_members.user_id AND b.blocked_id = ?2)
