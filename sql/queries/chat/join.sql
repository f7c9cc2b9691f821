INSERT INTO chat_members (thread_id, user_id, delivered_sequence, read_sequence, active_ms)
VALUES (?1, ?2, ?3, ?3, ?4)
ON CONFLICT (thread_id, user_id) DO UPDATE SET left_ms = NULL, left_sequence = NULL, active_ms = excluded.active_ms
