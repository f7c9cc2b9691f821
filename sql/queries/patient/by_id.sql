SELECT patient_id, name, birth_date, id_card, phone, email FROM patients
WHERE patient_id = ?1
