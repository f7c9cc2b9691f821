SELECT old.order_id, e.patient_id, old.doctor_id, old.content, old.created_at
FROM encounters e
JOIN medical_orders old ON old.record_id = e.record_id
WHERE e.encounter_id = ?1 AND old.order_id < ?2
    AND NOT EXISTS (SELECT 1 FROM service_orders o WHERE o.old_order_id = old.order_id)
ORDER BY old.order_id DESC
LIMIT ?3
