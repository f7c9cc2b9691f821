UPDATE tickets SET state = 'skipped', room = NULL, skips = skips + 1, changed_by = ?2, changed_ms = ?3
WHERE ticket_id = ?1
