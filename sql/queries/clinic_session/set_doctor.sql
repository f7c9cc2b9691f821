UPDATE clinic_sessions SET doctor_id = ?2 WHERE session_id = ?1
