SELECT finished_ms - started_ms FROM tickets
WHERE session_id = ?1 AND state = 'done' AND started_ms IS NOT NULL
ORDER BY finished_ms DESC
LIMIT ?2
