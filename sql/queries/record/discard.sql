UPDATE record_notes SET state = 'discarded', version = ?2 WHERE note_id = ?1
