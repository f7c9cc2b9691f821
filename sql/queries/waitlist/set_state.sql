UPDATE waitlist SET state = ?2 WHERE entry_id = ?1
