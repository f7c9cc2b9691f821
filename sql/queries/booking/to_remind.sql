SELECT appointment_id, patient_id, starts_at, changed_ms FROM bookings
WHERE state = 'booked' AND (starts_at, appointment_id) > (?1, ?2) AND starts_at <= ?3
ORDER BY starts_at, appointment_id
LIMIT ?4
