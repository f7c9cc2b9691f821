SELECT e.encounter_id, e.doctor_id, d.name, e.appointment_id, e.class,
    CASE WHEN a.ended_ms IS NULL THEN e.state ELSE 'finished' END, e.created_ms, e.started_ms,
    coalesce(a.ended_ms, e.ended_ms), a.kind, a.disposition, a.reason, a.admission_id
FROM encounters e
LEFT JOIN doctors d ON d.doctor_id = e.doctor_id
LEFT JOIN admissions a ON a.patient_id = e.patient_id AND a.encounter_id = e.encounter_id
WHERE e.patient_id = ?1 AND e.encounter_id > ?2
ORDER BY e.encounter_id LIMIT ?3
