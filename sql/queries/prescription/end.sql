UPDATE prescription_sheets SET state = ?2, reason = ?3, ended_ms = ?4 WHERE sheet_id = ?1
