SELECT priority_rank FROM service_orders WHERE order_id = ?1
