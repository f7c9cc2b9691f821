INSERT INTO request_replies (requester, request_id, method, params_hash, reply, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (requester, request_id) DO UPDATE SET
    method = excluded.method, params_hash = excluded.params_hash, reply = excluded.reply,
    created_at = excluded.created_at
