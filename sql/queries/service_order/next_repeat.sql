SELECT min(repeat_ms) FROM order_results WHERE flag = 'critical' AND acknowledged_ms IS NULL AND withdrawn_ms IS NULL
