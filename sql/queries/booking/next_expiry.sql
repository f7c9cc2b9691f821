SELECT min(expires_ms) FROM bookings WHERE expires_ms IS NOT NULL
