SELECT 1 FROM diagnoses
WHERE encounter_id = ?1 AND use = 'discharge' AND withdrawn_ms IS NULL
LIMIT 1
