SELECT d.doctor_id, d.name, d.employee_id, d.department, d.photo_path, d.max_patients, d.fee,
       d.work_schedule, d.is_available, u.username, u.role, u.created_at
FROM doctors d
JOIN users u ON u.user_id = d.doctor_id
WHERE d.name = ?1
ORDER BY d.doctor_id
LIMIT 1
