UPDATE clinic_sessions SET booked_online = booked_online + 1 WHERE session_id = ?1 AND booked_online < capacity_online
