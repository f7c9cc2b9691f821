SELECT DISTINCT w.session_id FROM waitlist w
JOIN clinic_sessions s ON s.session_id = w.session_id
WHERE w.state = 'waiting' AND s.state = 'open' AND s.booked_online < s.capacity_online
    AND (s.release_at IS NULL OR s.release_at <= ?1) AND coalesce(s.book_until, s.ends_at) > ?1
LIMIT ?2
