UPDATE encounters SET state = 'in_progress', ended_ms = NULL WHERE encounter_id = ?1
