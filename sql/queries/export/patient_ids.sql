SELECT patient_id FROM patients
WHERE patient_id > ?1
ORDER BY patient_id LIMIT ?2
