SELECT
    a.admission_id, a.patient_id, p.name, a.doctor_id, d.name, a.ward_id, w.number, b.bed_id, b.number, s.from_ms,
    a.kind, a.reason, a.reason_code, a.state, a.disposition, a.end_reason, a.expected_on, a.origin_encounter_id,
    a.encounter_id, a.old_hospitalization_id, a.requested_ms, a.admitted_ms, a.ordered_ms, a.ended_ms
FROM admissions AS a
JOIN patients AS p ON p.patient_id = a.patient_id
JOIN doctors AS d ON d.doctor_id = a.doctor_id
JOIN wards AS w ON w.ward_id = a.ward_id
LEFT JOIN bed_stays AS s ON s.admission_id = a.admission_id AND s.to_ms IS NULL
LEFT JOIN beds AS b ON b.bed_id = coalesce(s.bed_id, a.reserved_bed_id)
WHERE a.patient_id = ?1
    AND (a.requested_ms, a.admission_id) < (
        coalesce((SELECT requested_ms FROM admissions WHERE admission_id = ?2), 9223372036854775807), ?2
    )
ORDER BY a.requested_ms DESC, a.admission_id DESC
LIMIT ?3
