SELECT next_ticket FROM clinic_sessions WHERE session_id = ?1
