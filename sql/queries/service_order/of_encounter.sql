SELECT
    order_id, encounter_id, patient_id, doctor_id, kind, content, priority, state, reason, old_order_id, requested_ms,
    accepted_ms, accepted_by, started_ms, ended_ms
FROM service_orders
WHERE encounter_id = ?1 AND order_id < ?2
ORDER BY order_id DESC
LIMIT ?3
