SELECT session_id FROM clinic_sessions
WHERE state = 'open' AND starts_at >= ?3 AND ends_at <= ?4
    AND (doctor_id = ?1 OR department = ?2 OR (?1 IS NULL AND ?2 IS NULL))
ORDER BY session_id
