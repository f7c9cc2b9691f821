SELECT
    result_id, order_id, patient_id, doctor_id, name, value, unit, reference_range, flag, reported_by, reported_ms,
    acknowledged_ms, withdrawn_ms, withdrawn_reason, acknowledged_by, withdrawn_by
FROM order_results
WHERE result_id = ?1
