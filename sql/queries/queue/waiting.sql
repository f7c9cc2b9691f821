SELECT t.ticket_id, t.session_id, t.number, t.appointment_id, t.patient_id, p.name, s.doctor_id, t.state, t.priority, t.band,
    t.place, t.is_late, t.room, t.calls, t.skips, t.checked_in_ms, t.called_ms, t.started_ms, t.finished_ms,
    t.changed_by, t.changed_ms
FROM tickets t
JOIN patients p ON p.patient_id = t.patient_id
JOIN clinic_sessions s ON s.session_id = t.session_id
WHERE t.session_id = ?1 AND t.state = 'waiting' AND t.state <> 'done' AND t.state <> 'left'
ORDER BY t.place, t.number
