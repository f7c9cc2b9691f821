SELECT 1 FROM doctors d
WHERE d.doctor_id = ?1 AND d.is_available
    AND NOT EXISTS (
        SELECT 1 FROM clinic_sessions s
        WHERE s.doctor_id = ?1 AND s.day = ?2 AND s.stop_reason IS NULL
            AND ((s.starts_at < ?4 AND s.ends_at > ?3) OR s.period = ?5)
    )
    AND NOT EXISTS (
        SELECT 1 FROM schedule_blocks b
        WHERE b.ends_at > ?3 AND b.starts_at < ?4
            AND (b.doctor_id = ?1 OR b.department = d.department OR (b.doctor_id IS NULL AND b.department IS NULL))
    )
    AND NOT EXISTS (
        SELECT 1 FROM leave_requests r
        WHERE r.doctor_id = ?1 AND r.status = 'approved' AND r.start_date <= ?2 AND r.end_date >= ?2
    )
    AND coalesce((
        SELECT e.starts IS NOT NULL AND e.starts <= substr(?3, 12, 5) AND e.ends >= substr(?4, 12, 5)
        FROM schedule_exceptions e
        WHERE e.doctor_id = ?1 AND e.date_to >= ?2 AND e.date_from <= ?2
        ORDER BY e.exception_id DESC
        LIMIT 1
    ), 1)
    AND NOT EXISTS (
        SELECT 1 FROM appointments a
        WHERE a.doctor_id = ?1 AND substr(a.appointment_time, 1, 10) = ?2 AND a.status = 'pending'
            AND a.appointment_time >= ?3 AND a.appointment_time < ?4
            AND NOT EXISTS (SELECT 1 FROM bookings k WHERE k.appointment_id = a.appointment_id)
    )
