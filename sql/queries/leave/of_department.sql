SELECT r.leave_id, r.doctor_id, d.name, d.department, CAST(r.start_date AS TEXT), CAST(r.end_date AS TEXT),
    CAST(r.reason AS TEXT), coalesce(l.state, r.status), l.substitute_id, l.exception_id, l.requested_ms, l.decided_by,
    l.decided_ms, l.decision_reason, h.doctor_id
FROM doctors d
CROSS JOIN leave_requests r
LEFT JOIN leaves l ON l.leave_id = r.leave_id
LEFT JOIN department_heads h ON h.department = d.department
WHERE d.department = ?1 AND r.doctor_id = d.doctor_id AND r.leave_id < ?2 AND (?3 = 0 OR r.status = 'pending')
ORDER BY r.leave_id DESC
LIMIT ?4
