INSERT INTO admissions (
    patient_id, doctor_id, origin_encounter_id, ward_id, kind, reason, reason_code, expected_on, state, requested_ms
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'requested', ?9)
