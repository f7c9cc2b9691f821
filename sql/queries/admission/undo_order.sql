UPDATE admissions SET state = 'admitted', disposition = NULL, ordered_ms = NULL WHERE admission_id = ?1
