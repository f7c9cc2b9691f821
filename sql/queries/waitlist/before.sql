SELECT count(*) FROM waitlist WHERE session_id = ?1 AND entry_id < ?2 AND state = 'waiting'
