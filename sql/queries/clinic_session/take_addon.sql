UPDATE clinic_sessions SET booked_addon = booked_addon + 1 WHERE session_id = ?1 AND booked_addon < capacity_addon
