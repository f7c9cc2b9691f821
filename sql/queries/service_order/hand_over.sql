UPDATE service_orders SET doctor_id = ?2
WHERE encounter_id = ?1 AND (
    ended_ms IS NULL
    OR EXISTS (
        SELECT 1 FROM order_results r
        WHERE r.order_id = service_orders.order_id AND r.flag = 'critical' AND r.acknowledged_ms IS NULL
            AND r.withdrawn_ms IS NULL
    )
)
