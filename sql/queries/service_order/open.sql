SELECT
    order_id, encounter_id, patient_id, doctor_id, kind, content, priority, state, reason, old_order_id, requested_ms,
    accepted_ms, accepted_by, started_ms, ended_ms
FROM service_orders
WHERE kind = ?1 AND ended_ms IS NULL AND (priority_rank, order_id) > (?2, ?3)
ORDER BY priority_rank, order_id
LIMIT ?4
