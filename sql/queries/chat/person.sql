SELECT u.role, a.disabled_at IS NOT NULL
FROM users u
LEFT JOIN accounts a ON a.user_id = u.user_id
WHERE u.user_id = ?1
