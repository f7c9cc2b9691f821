SELECT 1
FROM appointments a
JOIN doctors d ON d.doctor_id = a.doctor_id
JOIN doctors caller ON caller.doctor_id = ?1
-- Of a patient there are few, of a doctor thousands: the plus keeps the doctor's index out.
WHERE a.patient_id = ?2 AND a.status <> 'cancelled' AND substr(a.appointment_time, 1, 10) = ?3
    AND (+a.doctor_id = ?1 OR d.department = caller.department)
LIMIT 1
