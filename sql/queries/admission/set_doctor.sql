UPDATE admissions SET doctor_id = ?2 WHERE admission_id = ?1
