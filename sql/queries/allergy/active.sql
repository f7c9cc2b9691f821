SELECT
    allergy_id, patient_id, substance, substance_key, severity, reaction, recorded_by, recorded_ms, refuted_ms,
    refuted_by, refuted_reason
FROM allergies
WHERE patient_id = ?1 AND refuted_ms IS NULL
ORDER BY substance_key
