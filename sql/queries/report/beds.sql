SELECT b.bed_id, w.ward_id, w.number, w.name, w.is_closed,
    (SELECT coalesce(sum(max(0, min(coalesce(s.to_ms, ?4), ?3) - max(s.from_ms, ?2))), 0)
    FROM bed_stays s
    WHERE s.bed_id = b.bed_id AND s.from_ms < ?3 AND s.from_ms >= coalesce(
        (SELECT max(e.from_ms) FROM bed_stays e WHERE e.bed_id = b.bed_id AND e.from_ms <= ?2), ?2))
FROM beds b
JOIN wards w ON w.ward_id = b.ward_id
WHERE b.bed_id > ?1
ORDER BY b.bed_id
LIMIT ?5
