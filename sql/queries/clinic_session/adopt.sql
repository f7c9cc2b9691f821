INSERT INTO bookings
    (appointment_id, session_id, patient_id, day, department, starts_at, ends_at, state, pool, changed_ms,
    fee_fen, is_old)
SELECT a.appointment_id, ?1, a.patient_id, ?3, s.department, a.appointment_time, a.appointment_time, 'booked', 'online', 0,
    coalesce(CAST(min(max(round(d.fee * 100), 0), 100000000) AS INTEGER), 0), 1
FROM appointments a
JOIN clinic_sessions s ON s.session_id = ?1
JOIN doctors d ON d.doctor_id = a.doctor_id
WHERE a.doctor_id = ?2 AND substr(a.appointment_time, 1, 10) = ?3 AND a.appointment_time >= ?4
    AND a.appointment_time < ?5 AND a.status = 'pending'
    AND NOT EXISTS (SELECT 1 FROM bookings b WHERE b.appointment_id = a.appointment_id)
