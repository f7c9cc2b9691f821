INSERT INTO leaves
    (leave_id, doctor_id, date_from, date_to, state, substitute_id, exception_id, decided_by, decided_ms, decision_reason)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT (leave_id) DO UPDATE SET state = excluded.state, substitute_id = excluded.substitute_id,
    exception_id = excluded.exception_id, decided_by = excluded.decided_by, decided_ms = excluded.decided_ms,
    decision_reason = excluded.decision_reason
