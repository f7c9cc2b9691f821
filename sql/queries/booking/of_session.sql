SELECT b.appointment_id, b.session_id, b.patient_id, p.name, s.doctor_id, d.name, s.department, s.room, b.starts_at,
    b.ends_at, b.state, b.pool, a.queue_number, b.expires_ms, b.origin_id, b.fee_fen, a.fee_paid, b.cancelled_by,
    b.reason, b.moved_from, b.previous_state, b.changed_by, b.changed_ms, b.day
FROM bookings b
JOIN appointments a ON a.appointment_id = b.appointment_id
JOIN clinic_sessions s ON s.session_id = b.session_id
JOIN patients p ON p.patient_id = b.patient_id
JOIN doctors d ON d.doctor_id = s.doctor_id
WHERE b.session_id = ?1 AND b.appointment_id > ?2
ORDER BY b.appointment_id
LIMIT ?3
