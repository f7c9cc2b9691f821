SELECT r.patient_id, r.doctor_id, r.symptoms, r.diagnosis, r.visit_time
FROM medical_records r
WHERE r.record_id = ?1 AND NOT EXISTS (SELECT 1 FROM encounters WHERE record_id = ?1)
