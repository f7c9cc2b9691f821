UPDATE bookings SET fee_fen = ?2 WHERE appointment_id = ?1
