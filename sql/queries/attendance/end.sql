UPDATE attendance_shifts SET out_ms = ?2, is_out_assumed = ?3 WHERE attendance_id = ?1
