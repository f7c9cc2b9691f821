INSERT INTO login_sessions (user_id, token_hash, peer, created_at, used_at, expires_at)
VALUES (?1, ?2, ?3, ?4, ?4, ?5)
