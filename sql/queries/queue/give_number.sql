UPDATE clinic_sessions SET next_ticket = next_ticket + 1 WHERE session_id = ?1
