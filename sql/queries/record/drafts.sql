SELECT note_id, author_id FROM record_notes WHERE encounter_id = ?1 AND state = 'draft' ORDER BY note_id LIMIT 100
