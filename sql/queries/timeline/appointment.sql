SELECT NULL, a.doctor_id, coalesce(b.state, a.status), b.department, b.pool
FROM appointments a
LEFT JOIN bookings b ON b.appointment_id = a.appointment_id
WHERE a.appointment_id = ?1
