INSERT INTO legacy_requests (day, operation, requests, last_at) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (day, operation) DO UPDATE SET requests = requests + excluded.requests, last_at = excluded.last_at
