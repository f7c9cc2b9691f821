SELECT a.appointment_id FROM appointments a
WHERE a.doctor_id = ?1 AND substr(a.appointment_time, 1, 10) BETWEEN ?2 AND ?3 AND a.status = 'pending'
    AND a.appointment_time > ?4
    AND NOT EXISTS (SELECT 1 FROM bookings b WHERE b.appointment_id = a.appointment_id)
ORDER BY a.appointment_id
LIMIT ?5
