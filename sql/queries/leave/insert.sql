INSERT INTO leaves (leave_id, doctor_id, date_from, date_to, state, substitute_id, requested_ms)
VALUES (?1, ?2, ?3, ?4, 'pending', ?5, ?6)
