UPDATE medical_orders SET content = content || ?2 WHERE order_id = ?1
