UPDATE admissions SET reserved_bed_id = ?2, ward_id = ?3 WHERE admission_id = ?1
