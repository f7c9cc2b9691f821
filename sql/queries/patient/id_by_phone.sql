SELECT patient_id FROM patients WHERE phone = ?1 ORDER BY patient_id LIMIT 1
