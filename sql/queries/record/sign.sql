UPDATE record_notes SET state = 'signed', signed_ms = ?2 WHERE note_id = ?1
