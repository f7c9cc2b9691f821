UPDATE record_versions SET version = ?2 + 1, symptoms = ?3, diagnosis = ?4, advice = ?5, written_ms = ?6
WHERE note_id = ?1 AND version = ?2
