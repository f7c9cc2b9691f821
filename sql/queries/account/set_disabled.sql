INSERT INTO accounts (user_id, disabled_at) VALUES (?1, ?2)
ON CONFLICT (user_id) DO UPDATE SET disabled_at = excluded.disabled_at
