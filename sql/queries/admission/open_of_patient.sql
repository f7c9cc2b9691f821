SELECT admission_id FROM admissions WHERE patient_id = ?1 AND ended_ms IS NULL
