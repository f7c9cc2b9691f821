SELECT sheet_id FROM prescription_sheets WHERE encounter_id = ?1 AND state = 'draft' ORDER BY sheet_id
