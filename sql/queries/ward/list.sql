SELECT
    w.ward_id, w.number, w.name, w.department, w.is_closed,
    (SELECT count(*) FROM beds AS b WHERE b.ward_id = w.ward_id),
    (SELECT count(*) FROM beds AS b WHERE b.ward_id = w.ward_id AND b.state = 'free')
FROM wards AS w
WHERE w.ward_id > ?1
ORDER BY w.ward_id
LIMIT ?2
