SELECT entry_id FROM waitlist
WHERE session_id = ?1 AND patient_id = ?2 AND (state = 'waiting' OR state = 'offered')
