UPDATE tickets SET state = 'left', room = NULL, changed_by = ?2, changed_ms = ?3 WHERE ticket_id = ?1
