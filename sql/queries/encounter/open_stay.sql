SELECT admission_id FROM admissions WHERE encounter_id = ?1 AND ended_ms IS NULL
