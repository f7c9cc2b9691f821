UPDATE bookings SET state = previous_state, previous_state = NULL, changed_by = ?2, changed_ms = ?3,
    cancelled_by = NULL
WHERE appointment_id = ?1
