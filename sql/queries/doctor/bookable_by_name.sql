SELECT doctor_id, max_patients, work_schedule, is_available
FROM doctors
WHERE name = ?1
ORDER BY doctor_id
LIMIT 1
