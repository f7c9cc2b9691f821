UPDATE tickets SET priority = ?2 WHERE ticket_id = ?1
