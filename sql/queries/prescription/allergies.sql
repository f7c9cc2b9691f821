SELECT allergy_id, substance_key, severity FROM allergies WHERE patient_id = ?1 AND refuted_ms IS NULL
