SELECT
    result_id, order_id, patient_id, doctor_id, name, value, unit, reference_range, flag, reported_by, reported_ms,
    acknowledged_ms, withdrawn_ms, withdrawn_reason, acknowledged_by, withdrawn_by
FROM order_results
WHERE doctor_id = ?1 AND flag = 'critical' AND acknowledged_ms IS NULL AND withdrawn_ms IS NULL
ORDER BY result_id DESC
LIMIT ?2
