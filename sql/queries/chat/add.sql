INSERT INTO chat_entries (thread_id, sequence, sender_id, content, sent_ms) VALUES (?1, ?2, ?3, ?4, ?5)
