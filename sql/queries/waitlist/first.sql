SELECT entry_id, session_id, patient_id, state, appointment_id, joined_ms FROM waitlist
WHERE session_id = ?1 AND state = 'waiting'
ORDER BY entry_id
LIMIT 1
