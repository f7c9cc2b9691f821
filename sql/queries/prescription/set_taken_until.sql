UPDATE prescription_lines SET taken_until = ?2 WHERE line_id = ?1
