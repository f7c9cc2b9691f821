SELECT p.patient_id, p.name, p.birth_date, p.id_card, p.phone, p.email, p.created_at,
       u.username, u.role, u.created_at
FROM patients p
JOIN users u ON u.user_id = p.patient_id
WHERE p.name = ?1
ORDER BY p.patient_id
LIMIT 1
