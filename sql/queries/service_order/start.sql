UPDATE service_orders SET state = 'in_progress', started_ms = ?2 WHERE order_id = ?1
