SELECT
    allergy_id, patient_id, substance, substance_key, severity, reaction, recorded_by, recorded_ms, refuted_ms,
    refuted_by, refuted_reason
FROM allergies
WHERE patient_id = ?1
    AND (recorded_ms, allergy_id) > (coalesce((SELECT recorded_ms FROM allergies WHERE allergy_id = ?2), -1), ?2)
    AND (?3 OR refuted_ms IS NULL)
ORDER BY recorded_ms, allergy_id
LIMIT ?4
