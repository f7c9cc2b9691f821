SELECT t.finished_ms - t.started_ms FROM clinic_sessions s
JOIN tickets t ON t.session_id = s.session_id
WHERE s.doctor_id = ?1 AND t.state = 'done' AND t.started_ms IS NOT NULL
ORDER BY s.day DESC, t.finished_ms DESC
LIMIT ?2
