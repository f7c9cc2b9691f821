SELECT count(*) FROM admissions WHERE ward_id = ?1 AND ended_ms IS NULL
