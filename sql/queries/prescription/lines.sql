SELECT
    l.line_id, l.sheet_id, l.drug_id, d.name, d.strength, d.form, d.ingredient, d.drug_class, l.dose, l.dose_unit, l.route,
    l.frequency, l.duration_days, l.quantity, l.note, l.warnings, l.override_reason, l.taken_until, l.is_live
FROM prescription_lines l
JOIN drugs d ON d.drug_id = l.drug_id
WHERE l.sheet_id = ?1
ORDER BY l.line_id
