//! The sample drugs, visits and allergies, for the tests of prescriptions and orders.
//!
//! It never knows what is tested. Invariant: doctor DOC001 has a visit of each patient whom it is asked for.

use super::clinic::*;
use serde_json::{Value, json};

pub const DOCTOR: &str = "DOC001";
pub const OTHER_DOCTOR: &str = "DOC002";

/// The word for a visit that is over.
pub const IS_OVER: &str = "not_in_progress";

const SAMPLE: &str = include_str!("../samples/drugs.csv");

/// A hospital with the sample drugs.
pub fn with_drugs() -> Clinic {
    let mut clinic = Clinic::new();
    for line in SAMPLE.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        assert_eq!(fields.len(), 8, "{line}");
        clinic.execute(&format!(
            "INSERT INTO drugs (code, name, ingredient, drug_class, form, strength, dose_unit, route)
            VALUES ('{}')",
            fields.join("','")
        ));
    }
    clinic
}

/// The id of a drug of the sample.
pub fn drug(clinic: &mut Clinic, code: &str) -> i64 {
    let found = clinic.ok(DOCTOR, "drug.search", json!({"code": code}));
    found["items"][0]["drug_id"].as_i64().unwrap()
}

/// A visit of one of the patients to the doctor that goes on, by an appointment.
pub fn visit(clinic: &mut Clinic, number: i64) -> i64 {
    let params = json!({"patient_id": FIRST_PATIENT + number});
    if clinic.call(DOCTOR, "encounter.open", &params).is_err() {
        let session_id = match clinic.number("SELECT coalesce(max(session_id), 0) FROM clinic_sessions") {
            0 => clinic.session(4, 12),
            session_id => session_id,
        };
        clinic.book(session_id, number);
        clinic.ok(DOCTOR, "encounter.open", params);
    }
    clinic.number("SELECT max(encounter_id) FROM encounters")
}

pub fn end_visit(clinic: &mut Clinic, encounter_id: i64) {
    clinic.execute(&format!("UPDATE encounters SET state = 'finished' WHERE encounter_id = {encounter_id}"));
}

/// One of the patients does not bear something. Returns the allergy's id.
pub fn allergy(clinic: &mut Clinic, number: i64, substance_key: &str, severity: &str) -> i64 {
    let patient_id = FIRST_PATIENT + number;
    clinic.execute(&format!(
        "INSERT INTO allergies (patient_id, substance, substance_key, severity, recorded_by, recorded_ms)
        VALUES ({patient_id}, '{substance_key}', '{substance_key}', '{severity}', 4, 0)"
    ));
    clinic.number("SELECT max(allergy_id) FROM allergies")
}

/// A line of seven days, three times a day.
pub fn line(clinic: &mut Clinic, code: &str, dose: &str) -> Value {
    json!({"drug_id": drug(clinic, code), "dose": dose, "frequency": "tid", "duration_days": 7})
}

/// A draft with these lines.
pub fn draft(clinic: &mut Clinic, encounter_id: i64, lines: Value) -> Value {
    clinic.ok(DOCTOR, "prescription.create", json!({"encounter_id": encounter_id, "lines": lines}))
}

/// A prescription of one line that is active.
pub fn active(clinic: &mut Clinic, encounter_id: i64, code: &str) -> Value {
    let line = line(clinic, code, "1");
    let prescription_id = draft(clinic, encounter_id, json!([line]))["prescription_id"].clone();
    clinic.ok(DOCTOR, "prescription.activate", json!({"prescription_id": prescription_id}))
}
