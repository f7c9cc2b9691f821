INSERT INTO medical_records (patient_id, doctor_id, visit_time, created_at) VALUES (?1, ?2, ?3, ?4)
