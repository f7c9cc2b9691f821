UPDATE hospitalizations SET ward_number = ?2, bed_number = ?3, updated_at = ?4 WHERE hospitalization_id = ?1
