SELECT diagnosis_id, rank, use FROM diagnoses
WHERE encounter_id = ?1 AND withdrawn_ms IS NULL
ORDER BY diagnosis_id
