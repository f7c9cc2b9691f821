SELECT bed_id, ward_id, number, state FROM beds
WHERE bed_id > ?1
ORDER BY bed_id LIMIT ?2
