UPDATE allergies SET severity = ?2 WHERE allergy_id = ?1
