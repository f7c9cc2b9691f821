UPDATE record_notes SET version = ?2 WHERE note_id = ?1
