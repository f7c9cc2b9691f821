UPDATE prescription_sheets SET state = 'dispensed', dispensed_by = ?2, dispensed_ms = ?3 WHERE sheet_id = ?1
