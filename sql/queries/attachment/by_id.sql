SELECT
    a.attachment_id, a.encounter_id, a.patient_id, a.title, a.media_type, a.reference, a.sha256, a.added_by, a.added_ms,
    a.withdrawn_ms, a.withdrawn_reason
FROM attachments a
WHERE a.attachment_id = ?1
