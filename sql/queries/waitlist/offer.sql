UPDATE waitlist SET state = 'offered', appointment_id = ?2 WHERE entry_id = ?1
