SELECT d.doctor_id, d.name, d.employee_id, d.department, d.is_available FROM doctors d
WHERE d.doctor_id > ?2 AND d.doctor_id IN (
    SELECT doctor_id FROM appointments WHERE patient_id = ?1
    UNION SELECT doctor_id FROM encounters WHERE patient_id = ?1
    UNION SELECT coalesce(old.doctor_id, s.doctor_id) FROM prescription_sheets s
    LEFT JOIN prescriptions old ON old.prescription_id = s.old_prescription_id
    WHERE s.patient_id = ?1 AND s.activated_ms IS NOT NULL
    UNION SELECT coalesce(old.doctor_id, o.doctor_id) FROM service_orders o
    LEFT JOIN medical_orders old ON old.order_id = o.old_order_id
    WHERE o.patient_id = ?1
)
ORDER BY d.doctor_id LIMIT ?3
