SELECT encounter_id, recorded_by, iif(withdrawn_ms IS NULL, certainty, 'withdrawn'), title, code
FROM diagnoses
WHERE diagnosis_id = ?1
