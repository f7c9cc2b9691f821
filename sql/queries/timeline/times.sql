SELECT a.appointment_time AS at, 8 AS kind, a.appointment_id AS id, NULL AS encounter_id, a.doctor_id AS doctor_id,
    coalesce(b.state, a.status) AS state,
    b.department AS title, b.pool AS detail
FROM appointments a
LEFT JOIN bookings b ON b.appointment_id = a.appointment_id
WHERE a.patient_id = ?1 AND a.appointment_time > ''
    AND a.appointment_time <= ?2
    AND (a.appointment_time <> ?2 OR a.appointment_id < ?3 OR (a.appointment_id = ?3 AND 8 < ?4))
UNION ALL
SELECT r.visit_time AS at, 9 AS kind, r.record_id AS id,
    (SELECT e.encounter_id FROM encounters e WHERE e.record_id = r.record_id) AS encounter_id, r.doctor_id AS doctor_id,
    NULL AS state,
    substr(r.diagnosis, 1, 200) AS title, substr(r.symptoms, 1, 200) AS detail
FROM medical_records r
WHERE r.patient_id = ?1 AND r.visit_time > ''
    AND r.visit_time <= ?2 AND (r.visit_time <> ?2 OR r.record_id < ?3 OR (r.record_id = ?3 AND 9 < ?4))
ORDER BY at DESC, id DESC, kind DESC
LIMIT ?5
