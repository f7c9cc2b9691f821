SELECT v.version, v.symptoms, v.diagnosis, v.advice, v.reason, v.author_id, v.written_ms
FROM record_versions v
WHERE v.note_id = ?1 AND v.version = ?2
