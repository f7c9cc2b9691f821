INSERT INTO department_heads (department, doctor_id) VALUES (?1, ?2)
ON CONFLICT (department) DO UPDATE SET doctor_id = excluded.doctor_id
