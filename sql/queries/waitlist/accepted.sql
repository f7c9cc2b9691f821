UPDATE waitlist SET state = 'accepted' WHERE appointment_id = ?1 AND state = 'offered'
