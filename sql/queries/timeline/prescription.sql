SELECT
    encounter_id, doctor_id, state,
    (
        SELECT group_concat(l.drug_name, ', ') FROM prescription_lines l WHERE l.sheet_id = s.sheet_id
    ),
    NULL
FROM prescription_sheets s
WHERE sheet_id = ?1
