SELECT
    allergy_id, patient_id, substance, substance_key, severity, reaction, recorded_by, recorded_ms, refuted_ms,
    refuted_by, refuted_reason
FROM allergies
WHERE allergy_id = ?1
