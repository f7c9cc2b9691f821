UPDATE encounters SET doctor_id = ?2
WHERE state = 'planned' AND appointment_id IN (SELECT appointment_id FROM bookings WHERE session_id = ?1)
