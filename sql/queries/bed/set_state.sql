UPDATE beds SET state = ?2, reason = ?3, changed_ms = max(?4, changed_ms) WHERE bed_id = ?1
