SELECT session_id FROM clinic_sessions WHERE state <> 'closed' AND ends_at <= ?1 ORDER BY ends_at LIMIT ?2
