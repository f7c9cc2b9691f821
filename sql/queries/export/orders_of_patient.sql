SELECT o.order_id, o.encounter_id, coalesce(old.doctor_id, o.doctor_id), d.name, o.kind, o.content, o.priority,
    o.state, o.reason, o.requested_ms
FROM service_orders o
LEFT JOIN medical_orders old ON old.order_id = o.old_order_id
LEFT JOIN doctors d ON d.doctor_id = coalesce(old.doctor_id, o.doctor_id)
WHERE o.patient_id = ?1 AND o.order_id > ?2
ORDER BY o.order_id LIMIT ?3
