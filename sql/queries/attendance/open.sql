SELECT s.attendance_id, s.doctor_id, s.session_id, CAST(a.check_in_time AS TEXT), CAST(a.check_out_time AS TEXT),
    s.is_out_assumed, c.ends_at
FROM attendance_shifts s
JOIN attendance a ON a.attendance_id = s.attendance_id
LEFT JOIN clinic_sessions c ON c.session_id = s.session_id
WHERE s.doctor_id = ?1 AND s.out_ms IS NULL
