UPDATE chat_threads SET doctor_id = ?2 WHERE thread_id = ?1
