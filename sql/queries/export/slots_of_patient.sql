SELECT session_id, doctor_id, department, room, starts_at, ends_at, state, stop_reason,
    capacity_online + capacity_onsite - booked_online - booked_onsite, booked_addon
FROM clinic_sessions
WHERE session_id > ?2 AND session_id IN (SELECT session_id FROM bookings WHERE patient_id = ?1)
ORDER BY session_id LIMIT ?3
