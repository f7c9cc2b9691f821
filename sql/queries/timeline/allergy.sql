SELECT NULL, NULL, iif(refuted_ms IS NULL, 'active', 'refuted'), substance, severity
FROM allergies
WHERE allergy_id = ?1
