//! Wards, beds and stays for the tests of them, over the clinic.
//!
//! It never knows what is tested. Invariant: what it does for a test, a method does.

use super::clinic::*;
use serde_json::{Value, json};

pub const DOCTOR: &str = "DOC001";
pub const DOCTOR_ID: i64 = 4;
pub const OTHER_DOCTOR: &str = "DOC002";
pub const OTHER_DOCTOR_ID: i64 = 5;

fn id(value: &Value, name: &str) -> i64 {
    value[name].as_i64().unwrap_or_else(|| panic!("{name}: {value}"))
}

/// A ward of 内科 with these beds, and their ids.
pub fn ward(clinic: &mut Clinic, number: &str, beds: &[&str]) -> (i64, Vec<i64>) {
    let params = json!({"number": number, "name": "内科病区", "department": "内科", "beds": beds});
    let made = clinic.ok(CLERK, "ward.add", params);
    let beds = made["beds"].as_array().unwrap().iter().map(|bed| id(bed, "bed_id")).collect();
    (id(&made, "ward_id"), beds)
}

/// A patient whom the doctor has seen.
pub fn treated(clinic: &mut Clinic, number: i64) -> i64 {
    let patient_id = FIRST_PATIENT + number;
    clinic.execute(&format!(
        "INSERT INTO medical_records (patient_id, doctor_id, visit_time)
        VALUES ({patient_id}, {DOCTOR_ID}, '2026-01-04 09:00:00')"
    ));
    patient_id
}

pub fn request_of(patient_id: i64, ward_id: i64) -> Value {
    json!({"patient_id": patient_id, "ward_id": ward_id, "kind": "elective", "reason": "肺炎"})
}

/// A stay that is asked for, of one of the patients.
pub fn requested(clinic: &mut Clinic, number: i64, ward_id: i64) -> i64 {
    let patient_id = treated(clinic, number);
    let made = clinic.ok(DOCTOR, "admission.request", request_of(patient_id, ward_id));
    assert_eq!(made["state"], "requested");
    id(&made, "admission_id")
}

/// A stay of one of the patients, who lies in a bed.
pub fn admitted(clinic: &mut Clinic, number: i64, ward_id: i64, bed_id: i64) -> i64 {
    let admission_id = requested(clinic, number, ward_id);
    let stay = clinic.ok(NURSE, "admission.admit", json!({"admission_id": admission_id, "bed_id": bed_id}));
    assert_eq!((&stay["state"], &stay["bed_id"]), (&json!("admitted"), &json!(bed_id)));
    admission_id
}

/// The stay's encounter has a discharge diagnosis.
pub fn diagnosed(clinic: &mut Clinic, admission_id: i64) {
    clinic.execute(&format!(
        "INSERT INTO diagnoses (encounter_id, patient_id, title, rank, use, certainty, recorded_by, recorded_ms)
        SELECT encounter_id, patient_id, '肺炎', 1, 'discharge', 'confirmed', doctor_id, 0
        FROM admissions WHERE admission_id = {admission_id}"
    ));
}

/// The patient may go.
pub fn ordered(clinic: &mut Clinic, admission_id: i64) {
    diagnosed(clinic, admission_id);
    let params = json!({"admission_id": admission_id, "disposition": "home"});
    clinic.ok(DOCTOR, "admission.order_discharge", params);
}

pub fn get(clinic: &mut Clinic, admission_id: i64) -> Value {
    clinic.ok(NURSE, "admission.get", json!({"admission_id": admission_id}))
}

/// The states of a ward's beds, in the order of their numbers.
pub fn states(clinic: &mut Clinic, ward_id: i64) -> Vec<String> {
    let board = clinic.ok(NURSE, "ward.board", json!({"ward_id": ward_id}));
    let beds = board["beds"].as_array().unwrap();
    beds.iter().map(|bed| bed["state"].as_str().unwrap().to_owned()).collect()
}
