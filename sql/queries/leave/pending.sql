SELECT r.leave_id, r.doctor_id, d.name, d.department, CAST(r.start_date AS TEXT), CAST(r.end_date AS TEXT),
    CAST(r.reason AS TEXT), coalesce(l.state, r.status), l.substitute_id, l.exception_id, l.requested_ms, l.decided_by,
    l.decided_ms, l.decision_reason, h.doctor_id
FROM leave_requests r
LEFT JOIN leaves l ON l.leave_id = r.leave_id
LEFT JOIN doctors d ON d.doctor_id = r.doctor_id
LEFT JOIN department_heads h ON h.department = d.department
WHERE r.status = 'pending' AND r.leave_id < ?1
ORDER BY r.leave_id DESC
LIMIT ?2
