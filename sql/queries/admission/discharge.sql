UPDATE admissions SET state = 'discharged', ended_ms = ?2 WHERE admission_id = ?1
