UPDATE appointments SET doctor_id = ?2,
    queue_number = ?3 + (
        SELECT count(*) FROM bookings b
        WHERE b.session_id = ?1 AND b.appointment_id <= appointments.appointment_id
    )
WHERE appointment_id IN (SELECT appointment_id FROM bookings WHERE session_id = ?1)
