SELECT
    order_id, encounter_id, patient_id, doctor_id, kind, content, priority, state, reason, old_order_id, requested_ms,
    accepted_ms, accepted_by, started_ms, ended_ms
FROM service_orders
WHERE patient_id = ?1
    AND (requested_ms, order_id) < (
        coalesce((SELECT requested_ms FROM service_orders WHERE order_id = ?2), 9223372036854775807), ?2
    )
ORDER BY requested_ms DESC, order_id DESC
LIMIT ?3
