SELECT entry_id, session_id, patient_id, state, appointment_id, joined_ms FROM waitlist
WHERE patient_id = ?1
ORDER BY entry_id DESC
LIMIT ?2
