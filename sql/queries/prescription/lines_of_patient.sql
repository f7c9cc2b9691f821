SELECT
    l.line_id, l.sheet_id, l.drug_id, l.drug_name, l.strength, l.form, l.dose, l.dose_unit, l.route, l.frequency,
    l.duration_days, l.quantity, l.note, l.warnings, l.override_reason, l.taken_until, l.is_live
FROM prescription_sheets s
JOIN prescription_lines l ON l.sheet_id = s.sheet_id
WHERE s.patient_id = ?1 AND s.sheet_id BETWEEN ?2 AND ?3
ORDER BY s.sheet_id DESC, l.line_id
