SELECT a.appointment_id, a.doctor_id, a.status, a.fee_paid, b.state, b.previous_state, b.pool, b.fee_fen,
    b.cancelled_by, b.reason, b.department, t.state, t.checked_in_ms, t.first_called_ms, t.started_ms,
    t.finished_ms, t.changed_ms
FROM appointments a
LEFT JOIN bookings b ON b.appointment_id = a.appointment_id
LEFT JOIN tickets t ON t.appointment_id = a.appointment_id
WHERE a.appointment_time IS NOT NULL AND substr(a.appointment_time, 1, 10) = ?1 AND a.appointment_id > ?2
ORDER BY a.appointment_id
LIMIT ?3
