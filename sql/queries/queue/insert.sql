INSERT INTO tickets
    (session_id, number, appointment_id, patient_id, state, band, place, is_late, checked_in_ms, changed_by, changed_ms)
VALUES (?1, ?2, ?3, ?4, 'waiting', ?5, ?2, ?6, ?7, ?8, ?7)
