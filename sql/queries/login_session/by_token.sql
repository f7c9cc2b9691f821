SELECT s.login_session_id, s.user_id, u.username, u.role, coalesce(a.is_auditor, 0), s.used_at, s.expires_at
FROM login_sessions s
JOIN users u ON u.user_id = s.user_id
LEFT JOIN accounts a ON a.user_id = s.user_id
WHERE s.token_hash = ?1 AND a.disabled_at IS NULL
