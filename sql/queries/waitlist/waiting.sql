SELECT patient_id FROM waitlist WHERE session_id = ?1 AND state = 'waiting' ORDER BY entry_id
