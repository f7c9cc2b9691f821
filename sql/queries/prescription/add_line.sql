INSERT INTO prescription_lines (
    sheet_id, patient_id, drug_id, drug_name, strength, form, dose, dose_unit, route, frequency, duration_days,
    quantity, note, warnings, override_reason
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
