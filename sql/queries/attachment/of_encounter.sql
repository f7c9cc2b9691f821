SELECT
    a.attachment_id, a.encounter_id, a.patient_id, a.title, a.media_type, a.reference, a.sha256, a.added_by, a.added_ms,
    a.withdrawn_ms, a.withdrawn_reason
FROM attachments a
WHERE a.encounter_id = ?1 AND a.attachment_id > ?2 AND (?3 OR a.withdrawn_ms IS NULL)
ORDER BY a.attachment_id
LIMIT ?4
