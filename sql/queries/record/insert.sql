INSERT INTO record_notes (encounter_id, patient_id, author_id, state, version, created_ms)
VALUES (?1, ?2, ?3, 'draft', 1, ?4)
