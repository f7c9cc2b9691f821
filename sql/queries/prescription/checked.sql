SELECT l.line_id, l.drug_id, d.ingredient, d.drug_class, d.is_active, l.warnings
FROM prescription_lines l
JOIN drugs d ON d.drug_id = l.drug_id
WHERE l.sheet_id = ?1
ORDER BY l.line_id
