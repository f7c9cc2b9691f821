SELECT note_id FROM record_notes WHERE encounter_id = ?1 AND state = 'signed' ORDER BY note_id LIMIT 100
