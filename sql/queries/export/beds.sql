SELECT b.bed_id, b.ward_id, b.number, b.state, w.is_closed FROM beds b
JOIN wards w ON w.ward_id = b.ward_id
WHERE b.bed_id > ?1
ORDER BY b.bed_id LIMIT ?2
