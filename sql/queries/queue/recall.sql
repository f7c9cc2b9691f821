UPDATE tickets SET calls = calls + 1 WHERE ticket_id = ?1
