UPDATE encounters SET doctor_id = ?2
WHERE appointment_id IN (SELECT appointment_id FROM bookings WHERE session_id = ?1)
    AND appointment_id IS NOT NULL AND state <> 'cancelled' AND state = 'planned'
