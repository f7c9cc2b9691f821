SELECT patient_id, name, birth_date, id_card, phone, email FROM patients
WHERE name >= ?1 AND name < ?2
    AND (name, patient_id) > ((SELECT name FROM patients WHERE patient_id = ?4), ?4)
ORDER BY name, patient_id LIMIT ?3
