UPDATE tickets SET state = 'serving', finished_ms = NULL, changed_by = NULL, changed_ms = ?2 WHERE ticket_id = ?1
