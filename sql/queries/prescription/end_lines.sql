UPDATE prescription_lines SET is_live = 0 WHERE sheet_id = ?1
