INSERT INTO attachments (encounter_id, patient_id, title, media_type, reference, sha256, added_by, added_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
