UPDATE bookings SET state = previous_state, previous_state = NULL, reason = previous_reason, previous_reason = NULL,
    changed_by = ?2, changed_ms = ?3, cancelled_by = NULL, is_old = 0
WHERE appointment_id = ?1
