SELECT
    b.bed_id, b.number, b.state, b.reason, b.changed_ms,
    a.admission_id, a.patient_id, p.name, a.doctor_id, d.name, a.state, coalesce(s.from_ms, b.changed_ms),
    a.expected_on
FROM beds AS b
LEFT JOIN bed_stays AS s ON s.bed_id = b.bed_id AND s.to_ms IS NULL
LEFT JOIN admissions AS r ON r.reserved_bed_id = b.bed_id
LEFT JOIN admissions AS a ON a.admission_id = coalesce(s.admission_id, r.admission_id)
LEFT JOIN patients AS p ON p.patient_id = a.patient_id
LEFT JOIN doctors AS d ON d.doctor_id = a.doctor_id
WHERE b.ward_id = ?1
ORDER BY length(b.number), b.number
