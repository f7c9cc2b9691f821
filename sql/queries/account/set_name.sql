INSERT INTO accounts (user_id, name) VALUES (?1, ?2) ON CONFLICT (user_id) DO UPDATE SET name = excluded.name
