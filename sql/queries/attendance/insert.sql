INSERT INTO attendance_shifts (attendance_id, doctor_id, session_id, in_ms) VALUES (?1, ?2, ?3, ?4)
