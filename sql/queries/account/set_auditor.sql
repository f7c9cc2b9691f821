INSERT INTO accounts (user_id, is_auditor) VALUES (?1, ?2)
ON CONFLICT (user_id) DO UPDATE SET is_auditor = excluded.is_auditor
