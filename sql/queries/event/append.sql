INSERT INTO events (topic, kind, facts, happened_ms) VALUES (?1, ?2, ?3, ?4)
