INSERT INTO appointments
    (patient_id, doctor_id, appointment_time, status, fee_paid, queue_number, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
