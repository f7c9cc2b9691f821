SELECT appointment_time AS at, appointment_id AS id, 8 AS kind, 0 AS is_double
FROM appointments
WHERE patient_id = ?1 AND appointment_time > ''
    AND appointment_time <= ?2
    AND (appointment_time <> ?2 OR appointment_id < ?3 OR (appointment_id = ?3 AND 8 < ?4))
UNION ALL
SELECT r.visit_time AS at, r.record_id AS id, 9 AS kind,
    EXISTS (SELECT 1 FROM encounters e WHERE e.record_id = r.record_id) AS is_double
FROM medical_records r
WHERE r.patient_id = ?1 AND r.visit_time > ''
    AND r.visit_time <= ?2 AND (r.visit_time <> ?2 OR r.record_id < ?3 OR (r.record_id = ?3 AND 9 < ?4))
ORDER BY at DESC, id DESC, kind DESC
LIMIT ?5
