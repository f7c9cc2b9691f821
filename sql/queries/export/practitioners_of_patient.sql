SELECT d.doctor_id, d.name, d.employee_id, d.department, d.is_available FROM doctors d
WHERE d.doctor_id > ?2 AND d.doctor_id IN (
    SELECT doctor_id FROM appointments WHERE patient_id = ?1
    UNION SELECT doctor_id FROM encounters WHERE patient_id = ?1
    UNION SELECT doctor_id FROM prescription_sheets WHERE patient_id = ?1 AND activated_ms IS NOT NULL
    UNION SELECT doctor_id FROM service_orders WHERE patient_id = ?1
)
ORDER BY d.doctor_id LIMIT ?3
