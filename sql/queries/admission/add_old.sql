INSERT INTO hospitalizations (
    patient_id, doctor_id, ward_number, bed_number, admission_date, status, created_at, updated_at
)
VALUES (?1, ?2, ?3, ?4, ?5, 'admitted', ?6, ?6)
