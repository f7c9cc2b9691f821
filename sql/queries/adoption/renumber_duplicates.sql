UPDATE appointments
SET queue_number = renumbered.queue_number
FROM (
    SELECT appointment_id,
           highest + row_number() OVER (PARTITION BY doctor_id, day ORDER BY appointment_id) AS queue_number
    FROM (
        SELECT appointment_id, doctor_id, substr(appointment_time, 1, 10) AS day,
               max(queue_number) OVER (PARTITION BY doctor_id, substr(appointment_time, 1, 10)) AS highest,
               row_number() OVER (
                   PARTITION BY doctor_id, substr(appointment_time, 1, 10), queue_number
                   ORDER BY appointment_id
               ) AS occurrence
        FROM appointments
        WHERE queue_number IS NOT NULL
    )
    WHERE occurrence > 1
) AS renumbered
WHERE appointments.appointment_id = renumbered.appointment_id
