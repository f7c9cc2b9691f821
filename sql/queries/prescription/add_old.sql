INSERT INTO prescriptions (record_id, doctor_id, content, created_at) VALUES (?1, ?2, ?3, ?4)
