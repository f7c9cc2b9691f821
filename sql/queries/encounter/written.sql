SELECT
    EXISTS (SELECT 1 FROM record_notes WHERE encounter_id = ?1 AND state = 'draft'),
    EXISTS (SELECT 1 FROM record_notes WHERE encounter_id = ?1 AND state = 'signed'),
    EXISTS (SELECT 1 FROM prescription_sheets WHERE encounter_id = ?1 AND state <> 'cancelled'),
    EXISTS (SELECT 1 FROM prescription_sheets WHERE encounter_id = ?1 AND activated_ms IS NOT NULL),
    EXISTS (SELECT 1 FROM service_orders WHERE encounter_id = ?1 AND state <> 'cancelled'),
    EXISTS (SELECT 1 FROM diagnoses WHERE encounter_id = ?1 AND withdrawn_ms IS NULL),
    EXISTS (SELECT 1 FROM diagnoses WHERE encounter_id = ?1 AND rank = 1 AND withdrawn_ms IS NULL),
    EXISTS (SELECT 1 FROM attachments WHERE encounter_id = ?1 AND withdrawn_ms IS NULL),
    EXISTS (SELECT 1 FROM admissions WHERE encounter_id = ?1),
    EXISTS (SELECT 1 FROM prescription_sheets WHERE encounter_id = ?1 AND state = 'draft')
