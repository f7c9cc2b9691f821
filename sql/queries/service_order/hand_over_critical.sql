UPDATE order_results SET doctor_id = ?2
WHERE flag = 'critical' AND acknowledged_ms IS NULL AND withdrawn_ms IS NULL
    AND order_id IN (SELECT order_id FROM service_orders WHERE encounter_id = ?1)
