INSERT INTO order_results (
    order_id, patient_id, doctor_id, name, value, unit, reference_range, flag, reported_by, reported_ms, repeat_ms
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
