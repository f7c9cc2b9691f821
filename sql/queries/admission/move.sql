UPDATE admissions SET ward_id = ?2 WHERE admission_id = ?1
