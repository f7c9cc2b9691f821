UPDATE admissions
SET state = 'cancelled', reserved_bed_id = NULL, end_reason = ?2, ended_ms = ?3
WHERE admission_id = ?1
