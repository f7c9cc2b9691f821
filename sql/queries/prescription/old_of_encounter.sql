SELECT old.prescription_id, e.patient_id, old.doctor_id, old.content, old.created_at
FROM encounters e
JOIN prescriptions old ON old.record_id = e.record_id
WHERE e.encounter_id = ?1 AND old.prescription_id < ?2
    AND NOT EXISTS (SELECT 1 FROM prescription_sheets s WHERE s.old_prescription_id = old.prescription_id)
ORDER BY old.prescription_id DESC
LIMIT ?3
