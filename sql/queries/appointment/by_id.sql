SELECT patient_id, doctor_id, appointment_time, status FROM appointments WHERE appointment_id = ?1
