SELECT session_id FROM clinic_sessions
WHERE doctor_id = ?1 AND day = ?2 AND ((starts_at < ?4 AND ends_at > ?3) OR period = ?5)
    AND (stop_reason IS NULL OR ?6)
LIMIT 1
