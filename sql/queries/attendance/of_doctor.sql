SELECT at, kind, id, day, session_id, starts_at, ends_at, is_stopped, attendance_id, came, went, status, is_out_assumed,
    is_on_leave
FROM (
    SELECT c.starts_at AS at, 0 AS kind, c.session_id AS id, c.day AS day, c.session_id AS session_id,
        c.starts_at AS starts_at, c.ends_at AS ends_at, c.stop_reason IS NOT NULL AS is_stopped,
        a.attendance_id AS attendance_id, CAST(a.check_in_time AS TEXT) AS came,
        CAST(a.check_out_time AS TEXT) AS went, a.status AS status,
        (SELECT s.is_out_assumed FROM attendance_shifts s WHERE s.attendance_id = a.attendance_id) AS is_out_assumed,
        EXISTS (
            SELECT 1 FROM leave_requests r
            WHERE r.doctor_id = ?1 AND r.status = 'approved' AND r.start_date <= c.day AND r.end_date >= c.day
        ) AS is_on_leave
    FROM clinic_sessions c
    LEFT JOIN attendance_shifts own ON own.doctor_id = ?1 AND own.session_id = c.session_id
    LEFT JOIN attendance a ON a.attendance_id = coalesce(own.attendance_id, (
        -- Whoever came without a session, or over the old dialect, was there for those of that time.
        SELECT o.attendance_id FROM attendance o
        LEFT JOIN attendance_shifts x ON x.attendance_id = o.attendance_id
        WHERE o.doctor_id = ?1 AND o.check_in_time >= c.day AND o.check_in_time < c.day || '~'
            AND o.status = 'present' AND x.session_id IS NULL
            AND replace(o.check_in_time, 'T', ' ') < c.ends_at
            AND (o.check_out_time IS NULL OR replace(o.check_out_time, 'T', ' ') > c.starts_at)
        ORDER BY o.check_in_time
        LIMIT 1
    ))
    WHERE c.doctor_id = ?1 AND c.day BETWEEN ?2 AND ?3
        AND (own.attendance_id IS NOT NULL OR (c.starts_at <= ?4 AND c.stop_reason IS NULL))
    UNION ALL
    SELECT CAST(a.check_in_time AS TEXT), 1, a.attendance_id, substr(a.check_in_time, 1, 10), NULL, NULL, NULL, 0,
        a.attendance_id, CAST(a.check_in_time AS TEXT), CAST(a.check_out_time AS TEXT), a.status, s.is_out_assumed, 0
    FROM attendance a
    LEFT JOIN attendance_shifts s ON s.attendance_id = a.attendance_id
    LEFT JOIN clinic_sessions c ON c.session_id = s.session_id AND c.doctor_id = ?1
    WHERE a.doctor_id = ?1 AND a.check_in_time >= ?2 AND a.check_in_time < ?3 || '~' AND c.session_id IS NULL
)
WHERE (at, kind, id) > (?5, ?6, ?7)
ORDER BY at, kind, id
LIMIT ?8
