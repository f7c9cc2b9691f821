SELECT l.line_id, l.sheet_id, d.ingredient, l.warnings
FROM prescription_lines l
JOIN drugs d ON d.drug_id = l.drug_id
WHERE l.patient_id = ?1 AND l.is_live = 1 AND l.taken_until >= ?2 AND l.sheet_id <> ?3
