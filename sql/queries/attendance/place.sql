SELECT doctor_id, CAST(check_in_time AS TEXT) FROM attendance WHERE attendance_id = ?1
