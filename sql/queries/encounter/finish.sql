UPDATE encounters SET state = 'finished', ended_ms = ?2 WHERE encounter_id = ?1
