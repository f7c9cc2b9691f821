SELECT b.bed_id, b.ward_id, b.number, b.state, b.reason, b.changed_ms, w.number, w.department, w.is_closed
FROM beds AS b
JOIN wards AS w ON w.ward_id = b.ward_id
WHERE b.bed_id = ?1
