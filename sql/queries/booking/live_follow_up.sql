SELECT appointment_id FROM bookings
WHERE patient_id = ?1 AND day = ?2 AND origin_id = ?3
    AND (state = 'held' OR state = 'booked' OR state = 'checked_in' OR state = 'in_consultation')
LIMIT 1
