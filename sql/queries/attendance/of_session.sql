SELECT attendance_id FROM attendance_shifts WHERE doctor_id = ?1 AND session_id = ?2
