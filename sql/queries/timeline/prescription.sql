SELECT
    encounter_id, doctor_id, state,
    (
        SELECT group_concat(m.name, ', ')
        FROM prescription_lines l
        JOIN drugs m ON m.drug_id = l.drug_id
        WHERE l.sheet_id = s.sheet_id
    ),
    NULL
FROM prescription_sheets s
WHERE sheet_id = ?1
