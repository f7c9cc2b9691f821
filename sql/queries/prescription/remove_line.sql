DELETE FROM prescription_lines WHERE line_id = ?1 AND sheet_id = ?2
