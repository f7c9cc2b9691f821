SELECT method, params_hash, reply FROM request_replies
WHERE requester = ?1 AND request_id = ?2 AND created_at > ?3
