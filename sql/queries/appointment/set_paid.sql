UPDATE appointments SET fee_paid = ?2 WHERE appointment_id = ?1
