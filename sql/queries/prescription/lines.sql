SELECT
    line_id, sheet_id, drug_id, drug_name, strength, form, dose, dose_unit, route, frequency,
    duration_days, quantity, note, warnings, override_reason, taken_until, is_live
FROM prescription_lines
WHERE sheet_id = ?1
ORDER BY line_id
