INSERT INTO bookings
    (appointment_id, session_id, patient_id, day, department, starts_at, ends_at, state, pool, expires_ms, origin_id,
    fee_fen, reason, changed_by, changed_ms, is_old)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
