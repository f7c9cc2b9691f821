SELECT count(*) FILTER (WHERE status <> 'cancelled'), coalesce(max(queue_number), 0)
FROM appointments
WHERE doctor_id = ?1 AND substr(appointment_time, 1, 10) = ?2
