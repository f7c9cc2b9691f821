-- Without the plus SQLite would first read all sessions, to make an index of those that are open.
SELECT s.session_id, b.reason FROM schedule_blocks b
JOIN clinic_sessions s ON s.starts_at >= b.starts_at AND s.starts_at < b.ends_at
WHERE b.ends_at > ?1 AND +s.state = 'open' AND s.ends_at > ?1 AND s.ends_at <= b.ends_at
    AND (s.doctor_id = b.doctor_id OR s.department = b.department OR (b.doctor_id IS NULL AND b.department IS NULL))
LIMIT ?2
