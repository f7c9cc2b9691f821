UPDATE service_orders SET state = 'accepted', accepted_by = ?2, accepted_ms = ?3 WHERE order_id = ?1
