SELECT operation, sum(CASE WHEN day = ?2 THEN requests ELSE 0 END), sum(requests), max(last_at)
FROM legacy_requests
WHERE day >= ?1
GROUP BY operation
ORDER BY operation
