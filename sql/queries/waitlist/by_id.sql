SELECT entry_id, session_id, patient_id, state, appointment_id, joined_ms FROM waitlist
WHERE entry_id = ?1
