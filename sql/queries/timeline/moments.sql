SELECT created_ms AS at, encounter_id AS id, 1 AS kind
FROM encounters
WHERE patient_id = ?1
    AND created_ms <= ?2 AND (created_ms <> ?2 OR encounter_id < ?3 OR (encounter_id = ?3 AND 1 < ?4))
UNION ALL
SELECT signed_ms AS at, note_id AS id, 2 AS kind
FROM record_notes
WHERE patient_id = ?1 AND state = 'signed'
    AND signed_ms <= ?2 AND (signed_ms <> ?2 OR note_id < ?3 OR (note_id = ?3 AND 2 < ?4))
UNION ALL
SELECT recorded_ms AS at, diagnosis_id AS id, 3 AS kind
FROM diagnoses
WHERE patient_id = ?1
    AND recorded_ms <= ?2 AND (recorded_ms <> ?2 OR diagnosis_id < ?3 OR (diagnosis_id = ?3 AND 3 < ?4))
UNION ALL
SELECT activated_ms AS at, sheet_id AS id, 4 AS kind
FROM prescription_sheets
WHERE patient_id = ?1 AND activated_ms IS NOT NULL
    AND activated_ms <= ?2 AND (activated_ms <> ?2 OR sheet_id < ?3 OR (sheet_id = ?3 AND 4 < ?4))
UNION ALL
SELECT requested_ms AS at, order_id AS id, 5 AS kind
FROM service_orders
WHERE patient_id = ?1
    AND requested_ms <= ?2 AND (requested_ms <> ?2 OR order_id < ?3 OR (order_id = ?3 AND 5 < ?4))
UNION ALL
SELECT requested_ms AS at, admission_id AS id, 6 AS kind
FROM admissions
WHERE patient_id = ?1
    AND requested_ms <= ?2 AND (requested_ms <> ?2 OR admission_id < ?3 OR (admission_id = ?3 AND 6 < ?4))
UNION ALL
SELECT recorded_ms AS at, allergy_id AS id, 7 AS kind
FROM allergies
WHERE patient_id = ?1
    AND recorded_ms <= ?2 AND (recorded_ms <> ?2 OR allergy_id < ?3 OR (allergy_id = ?3 AND 7 < ?4))
ORDER BY at DESC, id DESC, kind DESC
LIMIT ?5
