SELECT session_id, doctor_id, department, room, day, period, starts_at, ends_at, release_at, book_until,
    capacity_online, booked_online, capacity_onsite, booked_onsite, capacity_addon, booked_addon, state, stop_reason
FROM clinic_sessions
WHERE ((department = ?1 AND day >= ?6 AND day <= ?7) OR (doctor_id = ?2 AND day >= ?6 AND day <= ?7))
    AND state = 'open' AND starts_at > ?3 AND session_id <> ?4 AND booked_online < capacity_online
    AND (release_at IS NULL OR release_at <= ?3)
    AND (book_until IS NULL OR book_until > ?3)
-- Later ones, the nearest first, and then earlier ones.
ORDER BY starts_at < ?8, abs(julianday(starts_at) - julianday(?8)), doctor_id <> ?2, session_id
LIMIT ?5
