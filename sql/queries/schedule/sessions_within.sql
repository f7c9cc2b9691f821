SELECT session_id FROM clinic_sessions
WHERE starts_at >= ?3 AND starts_at < ?4 AND state = 'open' AND ends_at <= ?4
    AND (doctor_id = ?1 OR department = ?2 OR (?1 IS NULL AND ?2 IS NULL))
ORDER BY session_id
LIMIT ?5
