INSERT INTO attendance (doctor_id, check_in_time, status) VALUES (?1, ?2, 'present')
