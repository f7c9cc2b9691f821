DELETE FROM events WHERE sequence IN (
    SELECT sequence FROM (SELECT sequence, happened_ms FROM events ORDER BY sequence LIMIT ?2)
    WHERE happened_ms < ?1 AND sequence < (SELECT max(sequence) FROM events)
)
