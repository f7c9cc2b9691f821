SELECT session_id, doctor_id, department, room, day, period, starts_at, ends_at, release_at, book_until,
    capacity_online, booked_online, capacity_onsite, booked_onsite, capacity_addon, booked_addon, state, stop_reason
FROM clinic_sessions
WHERE day BETWEEN ?3 AND ?4
    AND (?1 IS NULL OR doctor_id = ?1)
    AND (?2 IS NULL OR department = ?2)
    AND (?5 = 0 OR (starts_at, session_id) > ((SELECT starts_at FROM clinic_sessions WHERE session_id = ?5), ?5))
ORDER BY starts_at, session_id
LIMIT ?6
