SELECT old.prescription_id, r.patient_id, old.doctor_id, old.content, old.created_at
FROM medical_records r
JOIN prescriptions old ON old.record_id = r.record_id
WHERE r.patient_id = ?1 AND old.prescription_id < ?2
    AND NOT EXISTS (SELECT 1 FROM prescription_sheets s WHERE s.old_prescription_id = old.prescription_id)
ORDER BY old.prescription_id DESC
LIMIT ?3
