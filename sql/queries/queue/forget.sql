-- Nobody knows how long it took.
UPDATE tickets SET state = 'done', started_ms = NULL, finished_ms = ?3, changed_by = ?2, changed_ms = ?3
WHERE ticket_id = ?1
