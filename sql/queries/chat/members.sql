SELECT user_id, delivered_sequence, read_sequence
FROM chat_members
WHERE thread_id = ?1 AND left_ms IS NULL
ORDER BY user_id
