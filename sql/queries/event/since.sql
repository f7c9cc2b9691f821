SELECT sequence, topic, kind, facts, happened_ms FROM events
WHERE topic = ?1 AND sequence > ?2
ORDER BY sequence
LIMIT ?3
