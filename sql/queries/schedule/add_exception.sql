INSERT INTO schedule_exceptions (doctor_id, date_from, date_to, starts, ends, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
