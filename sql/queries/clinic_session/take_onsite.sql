UPDATE clinic_sessions SET booked_onsite = booked_onsite + 1 WHERE session_id = ?1 AND booked_onsite < capacity_onsite
