SELECT t.appointment_id FROM tickets t
JOIN clinic_sessions s ON s.session_id = t.session_id
WHERE t.patient_id = ?1 AND t.ticket_id <> ?2 AND (t.state = 'called' OR t.state = 'serving')
    AND t.state <> 'done' AND t.state <> 'left' AND s.day >= ?3
LIMIT 1
