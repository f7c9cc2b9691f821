SELECT ward_id, number FROM wards
