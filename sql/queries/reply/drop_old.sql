DELETE FROM request_replies WHERE (requester, request_id) IN (
    SELECT requester, request_id FROM request_replies WHERE created_at <= ?1 ORDER BY created_at LIMIT 10
)
