INSERT INTO schedule_blocks (doctor_id, department, starts_at, ends_at, reason) VALUES (?1, ?2, ?3, ?4, ?5)
