UPDATE encounters SET state = ?2, reason = ?3, ended_ms = ?4 WHERE encounter_id = ?1
