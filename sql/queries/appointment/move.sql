UPDATE appointments SET doctor_id = ?2, appointment_time = ?3, queue_number = ?4 WHERE appointment_id = ?1
