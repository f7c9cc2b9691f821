INSERT INTO bookings
    (appointment_id, session_id, patient_id, day, department, starts_at, ends_at, state, pool, expires_ms, origin_id,
    fee_fen, reason, changed_by, changed_ms, is_old)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
    -- The old schema has a doctor's fee in yuan, and takes any number for one.
    coalesce(?12, (
        SELECT CAST(min(max(round(d.fee * 100), 0), 100000000) AS INTEGER)
        FROM clinic_sessions s
        JOIN doctors d ON d.doctor_id = s.doctor_id
        WHERE s.session_id = ?2
    ), 0),
    ?13, ?14, ?15, ?16)
