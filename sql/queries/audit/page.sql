SELECT
    sequence, recorded_at, boot_id, actor_id, role, peer, method, action, entity, entity_id, patient_id, outcome,
    reason, detail, request_id, hash
FROM audit
WHERE sequence >= ?1
ORDER BY sequence
LIMIT ?2
