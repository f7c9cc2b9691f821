UPDATE service_orders SET state = ?2, reason = ?3, ended_ms = ?4 WHERE order_id = ?1
