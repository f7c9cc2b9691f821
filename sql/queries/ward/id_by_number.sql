SELECT ward_id FROM wards WHERE number = ?1
