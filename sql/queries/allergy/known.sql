SELECT allergy_id FROM allergies WHERE patient_id = ?1 AND substance_key = ?2 AND refuted_ms IS NULL
