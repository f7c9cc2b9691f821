SELECT 1 FROM leave_requests
WHERE doctor_id = ?1 AND status = 'approved' AND start_date <= ?2 AND end_date >= ?2
LIMIT 1
