UPDATE prescription_sheets SET state = 'active', old_prescription_id = ?2, activated_ms = ?3 WHERE sheet_id = ?1
