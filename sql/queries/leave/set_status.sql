UPDATE leave_requests SET status = ?2 WHERE leave_id = ?1
