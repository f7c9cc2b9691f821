SELECT 1 FROM bookings WHERE appointment_id = ?1
