UPDATE booking_penalties SET blocked_until = ?2, lifted_by = ?3, reason = ?4
WHERE patient_id = ?1 AND blocked_until > ?2
