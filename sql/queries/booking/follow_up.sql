SELECT appointment_id FROM bookings
WHERE patient_id = ?1 AND day = ?2 AND origin_id = ?3 AND state <> 'cancelled' AND state <> 'expired'
LIMIT 1
