SELECT ward_id, number, name, department, is_closed FROM wards WHERE ward_id = ?1
