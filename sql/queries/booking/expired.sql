SELECT appointment_id FROM bookings
WHERE expires_ms IS NOT NULL AND expires_ms <= ?1
ORDER BY expires_ms, appointment_id
LIMIT ?2
