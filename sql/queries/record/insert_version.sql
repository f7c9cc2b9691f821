INSERT INTO record_versions (note_id, version, symptoms, diagnosis, advice, reason, author_id, written_ms, is_final)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
