UPDATE prescription_lines SET taken_until = date(?2, (duration_days - 1) || ' days') WHERE sheet_id = ?1
