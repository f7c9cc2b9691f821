INSERT INTO leave_requests (doctor_id, start_date, end_date, reason, status, created_at)
VALUES (?1, ?2, ?3, ?4, 'pending', ?5)
