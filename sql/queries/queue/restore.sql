UPDATE tickets SET state = 'waiting', room = NULL, calls = 0, skips = 0, called_ms = NULL, started_ms = NULL,
    finished_ms = NULL, call_order = NULL, changed_by = ?2, changed_ms = ?3
WHERE ticket_id = ?1
