SELECT result_id, doctor_id FROM order_results
WHERE flag = 'critical' AND acknowledged_ms IS NULL AND withdrawn_ms IS NULL AND repeat_ms <= ?1
ORDER BY repeat_ms
LIMIT ?2
