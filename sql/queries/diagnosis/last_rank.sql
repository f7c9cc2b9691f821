SELECT rank FROM diagnoses
WHERE encounter_id = ?1 AND use = ?2 AND withdrawn_ms IS NULL
ORDER BY rank DESC
LIMIT 1
