INSERT INTO break_glass (user_id, patient_id, reason, granted_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (user_id, patient_id)
DO UPDATE SET reason = excluded.reason, granted_at = excluded.granted_at, expires_at = excluded.expires_at
