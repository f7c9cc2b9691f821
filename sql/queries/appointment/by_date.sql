-- Every time is above this number. Of IS NOT NULL SQLite makes nothing, for the column is declared so, and then does
-- not see that the index of the days has every row.
SELECT a.appointment_id, p.name, p.phone, d.name, d.department, a.appointment_time, a.status,
       a.fee_paid, a.queue_number, a.created_at
FROM appointments a
JOIN patients p ON p.patient_id = a.patient_id
JOIN doctors d ON d.doctor_id = a.doctor_id
WHERE substr(a.appointment_time, 1, 10) = ?1 AND a.appointment_time >= -9e999
ORDER BY a.appointment_time, a.appointment_id
