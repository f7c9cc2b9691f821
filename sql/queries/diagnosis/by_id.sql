SELECT
    d.diagnosis_id, d.encounter_id, d.patient_id, d.code, d.title, d.rank, d.use, d.certainty, d.recorded_by,
    d.recorded_ms, d.withdrawn_ms, d.withdrawn_reason
FROM diagnoses d
WHERE d.diagnosis_id = ?1
