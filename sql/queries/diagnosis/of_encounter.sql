SELECT
    d.diagnosis_id, d.encounter_id, d.patient_id, d.code, d.title, d.rank, d.use, d.certainty, d.recorded_by,
    d.recorded_ms, d.withdrawn_ms, d.withdrawn_reason
FROM diagnoses d
WHERE d.encounter_id = ?1 AND d.diagnosis_id > ?2 AND (?3 OR d.withdrawn_ms IS NULL)
ORDER BY d.diagnosis_id
LIMIT ?4
