SELECT blocked_until FROM booking_penalties WHERE patient_id = ?1 AND blocked_until > ?2
