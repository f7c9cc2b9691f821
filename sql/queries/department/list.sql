SELECT d.department, count(*), h.doctor_id, (SELECT name FROM doctors WHERE doctor_id = h.doctor_id)
FROM doctors d
LEFT JOIN department_heads h ON h.department = d.department
WHERE d.department IS NOT NULL AND d.department <> ''
GROUP BY d.department
ORDER BY d.department
