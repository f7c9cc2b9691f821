UPDATE clinic_sessions SET state = ?2, stop_reason = ?3 WHERE session_id = ?1
