SELECT thread_id FROM chat_threads WHERE encounter_id = ?1
