INSERT INTO beds (ward_id, number, state, changed_ms) VALUES (?1, ?2, 'free', ?3)
