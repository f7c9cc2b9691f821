UPDATE diagnoses SET rank = ?2 WHERE diagnosis_id = ?1
