SELECT login_session_id, peer, created_at, used_at, expires_at FROM login_sessions
WHERE user_id = ?1 AND expires_at > ?2 AND used_at > ?3
ORDER BY login_session_id DESC
