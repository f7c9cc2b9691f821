SELECT session_id FROM clinic_sessions WHERE day = ?1 AND room = ?2 AND state = 'open' ORDER BY starts_at
