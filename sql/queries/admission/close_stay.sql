UPDATE bed_stays SET to_ms = ?2 WHERE admission_id = ?1 AND to_ms IS NULL
