UPDATE diagnoses SET withdrawn_ms = ?2, withdrawn_reason = ?3 WHERE diagnosis_id = ?1
