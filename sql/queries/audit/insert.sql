-- An entry that does not follow on the last one has no hash, and so is refused: a gap could never be mended.
INSERT INTO audit (
    sequence, recorded_at, boot_id, actor_id, role, peer, method, action, entity, entity_id, patient_id, outcome,
    reason, detail, request_id, hash
) VALUES (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,
    iif(?1 = 1 + (SELECT coalesce(max(sequence), 0) FROM audit), ?16, NULL)
)
