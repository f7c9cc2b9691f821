UPDATE attendance SET check_out_time = ?2 WHERE attendance_id = ?1
