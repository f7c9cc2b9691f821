SELECT a.appointment_id, a.doctor_id, d.name, a.appointment_time, a.status, a.created_at, b.session_id, b.starts_at,
    b.ends_at, b.state, b.reason
FROM appointments a
LEFT JOIN bookings b ON b.appointment_id = a.appointment_id
LEFT JOIN doctors d ON d.doctor_id = a.doctor_id
WHERE a.patient_id = ?1 AND a.appointment_id > ?2
ORDER BY a.appointment_id LIMIT ?3
