UPDATE chat_members SET delivered_sequence = ?3
WHERE thread_id = ?1 AND user_id = ?2 AND delivered_sequence < ?3
