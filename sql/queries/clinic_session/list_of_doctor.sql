SELECT session_id, doctor_id, department, room, day, period, starts_at, ends_at, release_at, book_until,
    capacity_online, booked_online, capacity_onsite, booked_onsite, capacity_addon, booked_addon, state, stop_reason
FROM clinic_sessions
WHERE doctor_id = ?6 AND day >= ?2 AND day < ?3
    AND (starts_at, session_id) > (coalesce((SELECT starts_at FROM clinic_sessions WHERE session_id = ?4), ?2), ?4)
    AND (?1 IS NULL OR department = ?1)
ORDER BY starts_at, session_id
LIMIT ?5
