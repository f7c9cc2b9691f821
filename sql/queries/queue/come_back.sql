UPDATE tickets SET state = 'waiting', room = NULL, place = ?2, changed_by = ?3, changed_ms = ?4 WHERE ticket_id = ?1
