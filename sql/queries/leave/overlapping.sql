SELECT leave_id FROM leave_requests
WHERE doctor_id = ?1 AND (status = 'pending' OR status = 'approved') AND start_date <= ?3 AND end_date >= ?2
LIMIT 1
