SELECT l.line_id, s.sheet_id, s.encounter_id, coalesce(old.doctor_id, s.doctor_id), d.name, s.state, s.reason,
    s.created_ms, g.code, concat_ws(' ', l.drug_name, l.strength, l.form), l.dose, l.dose_unit, l.route, l.frequency,
    l.duration_days, l.quantity, l.note, l.taken_until
FROM prescription_sheets s
JOIN prescription_lines l ON l.sheet_id = s.sheet_id
JOIN drugs g ON g.drug_id = l.drug_id
LEFT JOIN prescriptions old ON old.prescription_id = s.old_prescription_id
LEFT JOIN doctors d ON d.doctor_id = coalesce(old.doctor_id, s.doctor_id)
WHERE s.patient_id = ?1 AND s.activated_ms IS NOT NULL AND l.line_id > ?2
ORDER BY l.line_id LIMIT ?3
