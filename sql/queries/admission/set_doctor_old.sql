UPDATE hospitalizations SET doctor_id = ?2, updated_at = ?3 WHERE hospitalization_id = ?1
