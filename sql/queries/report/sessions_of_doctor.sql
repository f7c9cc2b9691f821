SELECT session_id, doctor_id, department, stop_reason IS NOT NULL, capacity_online, booked_online, capacity_onsite,
    booked_onsite, capacity_addon, booked_addon
FROM clinic_sessions
WHERE doctor_id = ?4 AND day = ?1 AND +session_id > ?2
ORDER BY +session_id
LIMIT ?3
