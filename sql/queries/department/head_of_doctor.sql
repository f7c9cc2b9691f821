SELECT h.doctor_id FROM doctors d
JOIN department_heads h ON h.department = d.department
WHERE d.doctor_id = ?1
