SELECT
    sequence, recorded_at, boot_id, actor_id, role, peer, method, action, entity, entity_id, patient_id, outcome,
    reason, detail, request_id, hash
FROM audit
WHERE sequence > ?1 AND sequence <= ?2
    AND (?3 IS NULL OR actor_id = ?3)
    AND (?4 IS NULL OR patient_id = ?4)
    AND (?5 IS NULL OR recorded_at >= ?5)
ORDER BY sequence
LIMIT ?6
