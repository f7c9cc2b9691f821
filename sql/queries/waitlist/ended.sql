UPDATE waitlist SET state = 'expired' WHERE appointment_id = ?1 AND state = 'offered'
