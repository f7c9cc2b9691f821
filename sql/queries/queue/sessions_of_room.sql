SELECT session_id FROM clinic_sessions
WHERE starts_at >= ?1 AND starts_at < ?1 || ' 24' AND room = ?2 AND state = 'open'
ORDER BY starts_at
