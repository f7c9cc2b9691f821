INSERT INTO service_orders (
    encounter_id, patient_id, doctor_id, kind, content, priority, state, old_order_id, requested_ms
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'requested', ?7, ?8)
