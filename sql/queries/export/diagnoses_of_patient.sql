SELECT d.diagnosis_id, d.encounter_id, d.code, d.title, d.certainty, d.recorded_ms, d.withdrawn_ms
FROM encounters e
JOIN diagnoses d ON d.encounter_id = e.encounter_id
WHERE e.patient_id = ?1 AND d.diagnosis_id > ?2
ORDER BY d.diagnosis_id LIMIT ?3
