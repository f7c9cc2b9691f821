UPDATE order_results SET repeat_ms = ?2 WHERE result_id = ?1
