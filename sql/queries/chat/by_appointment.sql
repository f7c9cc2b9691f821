SELECT thread_id FROM chat_threads WHERE appointment_id = ?1
