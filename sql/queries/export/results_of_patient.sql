SELECT r.result_id, r.order_id, o.encounter_id, o.kind, r.name, r.value, r.unit, r.reference_range, r.flag,
    r.reported_ms, r.withdrawn_ms IS NOT NULL
FROM service_orders o
JOIN order_results r ON r.order_id = o.order_id
WHERE o.patient_id = ?1 AND o.state = 'completed' AND r.result_id > ?2
ORDER BY r.result_id LIMIT ?3
