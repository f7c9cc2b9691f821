SELECT w.ward_id, w.number, w.name, a.ended_ms - a.admitted_ms
FROM admissions a
JOIN wards w ON w.ward_id = a.ward_id
WHERE a.ended_ms >= ?1 AND a.ended_ms < ?2 AND a.state = 'discharged' AND a.admitted_ms IS NOT NULL
