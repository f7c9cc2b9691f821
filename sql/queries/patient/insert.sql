INSERT INTO patients (patient_id, name, birth_date, id_card, phone, email, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
