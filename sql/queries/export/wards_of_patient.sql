SELECT ward_id, number, name, is_closed FROM wards
WHERE ward_id > ?2 AND ward_id IN (SELECT ward_id FROM admissions WHERE patient_id = ?1)
ORDER BY ward_id LIMIT ?3
