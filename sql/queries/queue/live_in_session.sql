SELECT appointment_id FROM tickets
WHERE patient_id = ?1 AND session_id = ?2 AND state <> 'done' AND state <> 'left'
LIMIT 1
