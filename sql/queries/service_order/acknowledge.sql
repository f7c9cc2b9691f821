UPDATE order_results SET acknowledged_by = ?2, acknowledged_ms = ?3 WHERE result_id = ?1
