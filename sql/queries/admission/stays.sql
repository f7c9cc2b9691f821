SELECT s.bed_id, b.number, b.ward_id, w.number, s.from_ms, s.to_ms, s.reason
FROM bed_stays AS s
JOIN beds AS b ON b.bed_id = s.bed_id
JOIN wards AS w ON w.ward_id = b.ward_id
WHERE s.admission_id = ?1
ORDER BY s.stay_id
LIMIT ?2
