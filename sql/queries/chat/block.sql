INSERT INTO chat_blocks (user_id, blocked_id, blocked_ms) VALUES (?1, ?2, ?3)
ON CONFLICT (user_id, blocked_id) DO NOTHING
