SELECT
    sheet_id, encounter_id, patient_id, doctor_id, state, reason, old_prescription_id, created_ms, activated_ms,
    dispensed_ms, dispensed_by, ended_ms
FROM prescription_sheets
WHERE sheet_id = ?1
