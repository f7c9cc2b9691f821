UPDATE tickets SET state = 'waiting', room = NULL, called_ms = NULL, calls = 0, call_order = NULL, changed_by = NULL,
    changed_ms = ?2, first_called_ms = nullif(first_called_ms, called_ms)
WHERE ticket_id = ?1
