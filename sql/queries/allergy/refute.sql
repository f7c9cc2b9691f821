UPDATE allergies SET refuted_ms = ?2, refuted_by = ?3, refuted_reason = ?4 WHERE allergy_id = ?1
