SELECT n.encounter_id, n.author_id, n.state, substr(v.diagnosis, 1, 200), substr(v.symptoms, 1, 200)
FROM record_notes n
JOIN record_versions v ON v.note_id = n.note_id AND v.version = n.version
WHERE n.note_id = ?1
