SELECT
    sheet_id, encounter_id, patient_id, doctor_id, state, reason, old_prescription_id, created_ms, activated_ms,
    dispensed_ms, dispensed_by, ended_ms
FROM prescription_sheets
WHERE patient_id = ?1 AND sheet_id < ?2 AND (?3 OR activated_ms IS NOT NULL)
ORDER BY sheet_id DESC
LIMIT ?4
