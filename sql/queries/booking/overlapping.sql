SELECT appointment_id FROM bookings
WHERE patient_id = ?1 AND day = ?2 AND starts_at < ?4 AND ends_at > ?3 AND appointment_id <> ?5
    AND (state = 'held' OR state = 'booked' OR state = 'checked_in' OR state = 'in_consultation')
LIMIT 1
