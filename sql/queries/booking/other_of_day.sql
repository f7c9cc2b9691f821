SELECT b.appointment_id FROM bookings b
JOIN clinic_sessions s ON s.session_id = b.session_id
WHERE b.patient_id = ?1 AND b.day = ?2 AND b.appointment_id <> ?3 AND b.pool <> 'followup'
    AND (b.state = 'held' OR b.state = 'booked' OR b.state = 'checked_in' OR b.state = 'in_consultation')
    AND (b.department = ?4 OR s.doctor_id = ?5 OR b.session_id = ?6)
LIMIT 1
