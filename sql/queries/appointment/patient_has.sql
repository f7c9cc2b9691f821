SELECT appointment_id FROM appointments
WHERE patient_id = ?1 AND appointment_time = ?2 AND status <> 'cancelled' AND appointment_id <> ?3
LIMIT 1
