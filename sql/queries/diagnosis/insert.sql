INSERT INTO diagnoses (encounter_id, patient_id, code, title, rank, use, certainty, recorded_by, recorded_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
