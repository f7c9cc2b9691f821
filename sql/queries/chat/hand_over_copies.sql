UPDATE chat_copies SET receiver_id = ?3 WHERE thread_id = ?1 AND receiver_id = ?2 AND sequence > ?4
