UPDATE bookings SET previous_state = state, state = ?2, expires_ms = NULL, changed_by = ?3, changed_ms = ?4,
    cancelled_by = ?5, reason = coalesce(?6, reason)
WHERE appointment_id = ?1
