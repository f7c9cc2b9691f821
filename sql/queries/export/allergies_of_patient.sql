SELECT allergy_id, substance, severity, reaction, recorded_ms, refuted_ms FROM allergies
WHERE patient_id = ?1 AND allergy_id > ?2
ORDER BY allergy_id LIMIT ?3
