UPDATE appointments SET status = ?2 WHERE appointment_id = ?1
