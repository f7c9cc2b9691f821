UPDATE record_versions SET is_final = 1 WHERE note_id = ?1 AND version = ?2
