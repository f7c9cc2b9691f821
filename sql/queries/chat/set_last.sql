UPDATE chat_threads SET last_sequence = ?2 WHERE thread_id = ?1
