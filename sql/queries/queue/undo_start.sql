UPDATE tickets SET state = 'called', started_ms = NULL, changed_by = NULL, changed_ms = ?2 WHERE ticket_id = ?1
