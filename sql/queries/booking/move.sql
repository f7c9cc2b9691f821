UPDATE bookings SET session_id = ?2, day = ?3, department = ?4, starts_at = ?5, ends_at = ?6,
    moved_from = CASE WHEN moved_from IS NULL THEN '' ELSE moved_from || ' ' END || session_id,
    previous_state = NULL, changed_by = ?7, changed_ms = ?8, is_old = 0
WHERE appointment_id = ?1
