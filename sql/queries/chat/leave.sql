UPDATE chat_members SET left_ms = ?4, left_sequence = ?3 WHERE thread_id = ?1 AND user_id = ?2
