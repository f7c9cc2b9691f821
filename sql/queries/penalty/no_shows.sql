SELECT count(*) FROM bookings WHERE patient_id = ?1 AND day >= ?2 AND state = 'no_show'
