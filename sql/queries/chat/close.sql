UPDATE chat_threads SET closed_ms = ?2 WHERE thread_id = ?1
