SELECT patient_id, name, birth_date, id_card, phone, email FROM patients
WHERE id_card = ?1 AND patient_id > ?2
ORDER BY patient_id LIMIT ?3
