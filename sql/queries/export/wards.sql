SELECT ward_id, number, name, is_closed FROM wards
WHERE ward_id > ?1
ORDER BY ward_id LIMIT ?2
