//! Visits: who opens one, and how it stands.

use super::clinic::*;
use serde_json::json;

#[test]
fn a_doctor_opens_the_visit_of_an_appointment_once() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 3);
    let appointment_id = clinic.book(session_id, 0);
    let params = json!({"patient_id": FIRST_PATIENT, "appointment_id": appointment_id});
    let opened = clinic.ok("DOC001", "encounter.open", params.clone());
    assert_eq!(opened["state"], "in_progress");
    assert_eq!(opened["class"], "AMB");
    assert_eq!(opened["department"], "内科");
    let again = clinic.refused("DOC001", "encounter.open", params.clone(), "conflict");
    assert_eq!(again["encounter_id"], opened["encounter_id"]);
    // Another doctor's patient, and another doctor's appointment.
    clinic.refused("DOC002", "encounter.open", params, "forbidden");
    let get = json!({"encounter_id": opened["encounter_id"]});
    assert_eq!(clinic.ok(&patient(0), "encounter.get", get.clone()), opened);
    clinic.refused(&patient(1), "encounter.get", get, "forbidden");
}
