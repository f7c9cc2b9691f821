SELECT finished_ms - started_ms FROM tickets
WHERE session_id = ?1 AND state = 'done'
ORDER BY finished_ms DESC
LIMIT ?2
