SELECT u.user_id, u.username, u.role, coalesce(a.name, p.name, d.name), coalesce(a.is_auditor, 0), a.disabled_at,
    u.created_at
FROM users u
LEFT JOIN accounts a ON a.user_id = u.user_id
LEFT JOIN patients p ON p.patient_id = u.user_id
LEFT JOIN doctors d ON d.doctor_id = u.user_id
WHERE u.user_id = ?1
