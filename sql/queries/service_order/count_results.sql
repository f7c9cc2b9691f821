SELECT count(*) FROM order_results WHERE order_id = ?1
