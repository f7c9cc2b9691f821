UPDATE prescription_sheets SET doctor_id = ?2
WHERE encounter_id = ?1 AND (
    state IN ('draft', 'active')
    OR state = 'dispensed' AND EXISTS (
        SELECT 1 FROM prescription_lines l
        WHERE l.sheet_id = prescription_sheets.sheet_id AND l.is_live = 1 AND l.taken_until >= ?3
    )
)
