SELECT NULL, doctor_id, NULL, substr(diagnosis, 1, 200), substr(symptoms, 1, 200)
FROM medical_records
WHERE record_id = ?1
