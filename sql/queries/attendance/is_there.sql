SELECT 1 FROM attendance a
LEFT JOIN attendance_shifts s ON s.attendance_id = a.attendance_id
WHERE a.doctor_id = ?1 AND a.check_in_time >= ?3 AND a.status = 'present'
    AND (s.session_id = ?2 OR a.check_out_time IS NULL)
LIMIT 1
