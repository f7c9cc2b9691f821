UPDATE waitlist SET state = 'expired' WHERE session_id = ?1 AND state = 'waiting'
