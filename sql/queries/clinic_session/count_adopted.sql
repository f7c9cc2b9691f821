UPDATE clinic_sessions SET
    capacity_online = max(capacity_online, (SELECT count(*) FROM bookings WHERE session_id = ?1)),
    booked_online = (SELECT count(*) FROM bookings WHERE session_id = ?1)
WHERE session_id = ?1
