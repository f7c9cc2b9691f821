SELECT encounter_id, doctor_id, state, substr(content, 1, 200), kind FROM service_orders WHERE order_id = ?1
