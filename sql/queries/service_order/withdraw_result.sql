UPDATE order_results SET withdrawn_by = ?2, withdrawn_ms = ?3, withdrawn_reason = ?4 WHERE result_id = ?1
