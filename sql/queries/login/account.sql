SELECT u.user_id, u.password_hash, u.role, coalesce(a.is_auditor, 0), a.disabled_at IS NOT NULL
FROM users u
LEFT JOIN accounts a ON a.user_id = u.user_id
WHERE u.username = ?1
