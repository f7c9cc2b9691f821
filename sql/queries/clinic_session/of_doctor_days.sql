SELECT session_id, doctor_id, department, room, day, period, starts_at, ends_at, release_at, book_until,
    capacity_online, booked_online, capacity_onsite, booked_onsite, capacity_addon, booked_addon, state, stop_reason
FROM clinic_sessions
WHERE doctor_id = ?1 AND day BETWEEN ?2 AND ?3 AND state = ?4
ORDER BY day, starts_at
LIMIT ?5
