SELECT notice_id, kind, appointment_id, text, created_ms FROM notices
WHERE patient_id = ?1 AND fetched_ms IS NULL
ORDER BY notice_id
LIMIT ?2
