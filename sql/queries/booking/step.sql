UPDATE bookings SET previous_state = state, state = ?2, expires_ms = NULL, changed_by = ?3, changed_ms = ?4,
    -- Why it was cancelled is no reason for what it is once it is brought back.
    previous_reason = reason,
    reason = CASE WHEN ?6 IS NOT NULL THEN ?6 WHEN cancelled_by IS NOT NULL THEN previous_reason ELSE reason END,
    cancelled_by = ?5, is_old = is_old AND ?3 IS NULL
WHERE appointment_id = ?1
