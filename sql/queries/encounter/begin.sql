UPDATE encounters SET state = 'in_progress', record_id = ?2, started_ms = ?3 WHERE encounter_id = ?1
