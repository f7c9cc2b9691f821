SELECT e.created_ms AS at, 1 AS kind, e.encounter_id AS id, e.encounter_id AS encounter_id, e.doctor_id AS doctor_id,
    e.state AS state,
    e.department AS title, e.class AS detail
FROM encounters e
WHERE e.patient_id = ?1
    AND e.created_ms <= ?2 AND (e.created_ms <> ?2 OR e.encounter_id < ?3 OR (e.encounter_id = ?3 AND 1 < ?4))
UNION ALL
SELECT n.signed_ms AS at, 2 AS kind, n.note_id AS id, n.encounter_id AS encounter_id, n.author_id AS doctor_id,
    n.state AS state,
    substr(v.diagnosis, 1, 200) AS title, substr(v.symptoms, 1, 200) AS detail
FROM record_notes n
JOIN record_versions v ON v.note_id = n.note_id AND v.version = n.version
WHERE n.patient_id = ?1 AND n.state = 'signed'
    AND n.signed_ms <= ?2 AND (n.signed_ms <> ?2 OR n.note_id < ?3 OR (n.note_id = ?3 AND 2 < ?4))
UNION ALL
SELECT d.recorded_ms AS at, 3 AS kind, d.diagnosis_id AS id, d.encounter_id AS encounter_id, d.recorded_by AS doctor_id,
    CASE WHEN d.withdrawn_ms IS NULL THEN d.certainty ELSE 'withdrawn' END AS state,
    d.title AS title, d.code AS detail
FROM diagnoses d
WHERE d.patient_id = ?1
    AND d.recorded_ms <= ?2 AND (d.recorded_ms <> ?2 OR d.diagnosis_id < ?3 OR (d.diagnosis_id = ?3 AND 3 < ?4))
UNION ALL
SELECT s.activated_ms AS at, 4 AS kind, s.sheet_id AS id, s.encounter_id AS encounter_id, s.doctor_id AS doctor_id,
    s.state AS state,
    (
        SELECT group_concat(m.name, ', ')
        FROM prescription_lines l
        JOIN drugs m ON m.drug_id = l.drug_id
        WHERE l.sheet_id = s.sheet_id
    ) AS title, NULL AS detail
FROM prescription_sheets s
WHERE s.patient_id = ?1 AND s.activated_ms IS NOT NULL
    AND s.activated_ms <= ?2 AND (s.activated_ms <> ?2 OR s.sheet_id < ?3 OR (s.sheet_id = ?3 AND 4 < ?4))
UNION ALL
SELECT o.requested_ms AS at, 5 AS kind, o.order_id AS id, o.encounter_id AS encounter_id, o.doctor_id AS doctor_id,
    o.state AS state,
    substr(o.content, 1, 200) AS title, o.kind AS detail
FROM service_orders o
WHERE o.patient_id = ?1
    AND o.requested_ms <= ?2 AND (o.requested_ms <> ?2 OR o.order_id < ?3 OR (o.order_id = ?3 AND 5 < ?4))
UNION ALL
SELECT h.requested_ms AS at, 6 AS kind, h.admission_id AS id, h.encounter_id AS encounter_id, h.doctor_id AS doctor_id,
    h.state AS state,
    substr(h.reason, 1, 200) AS title, h.kind AS detail
FROM admissions h
WHERE h.patient_id = ?1
    AND h.requested_ms <= ?2 AND (h.requested_ms <> ?2 OR h.admission_id < ?3 OR (h.admission_id = ?3 AND 6 < ?4))
UNION ALL
SELECT a.recorded_ms AS at, 7 AS kind, a.allergy_id AS id, NULL AS encounter_id, NULL AS doctor_id,
    CASE WHEN a.refuted_ms IS NULL THEN 'active' ELSE 'refuted' END AS state,
    a.substance AS title, a.severity AS detail
FROM allergies a
WHERE a.patient_id = ?1
    AND a.recorded_ms <= ?2 AND (a.recorded_ms <> ?2 OR a.allergy_id < ?3 OR (a.allergy_id = ?3 AND 7 < ?4))
ORDER BY at DESC, id DESC, kind DESC
LIMIT ?5
