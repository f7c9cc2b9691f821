SELECT diagnosis_id FROM diagnoses
WHERE encounter_id = ?1 AND use = ?2 AND rank = ?3 AND withdrawn_ms IS NULL
