//! What becomes of a place: moved, given back, taken again.

use super::clinic::*;
use serde_json::json;

#[test]
fn an_appointment_that_is_moved_keeps_its_id_and_gives_its_place_back() {
    let mut clinic = Clinic::new();
    let (from, to) = (clinic.session(4, 1), clinic.session(5, 1));
    let id = clinic.book(from, 0);
    let wait = json!({"session_id": from, "patient_id": FIRST_PATIENT + 1});
    let entry = clinic.ok(&patient(1), "waitlist.join", wait);
    assert_eq!(entry["before"], 0);
    let other = clinic.book(to, 2);
    let full = json!({"appointment_id": id, "session_id": to});
    clinic.refused(&patient(0), "appointment.reschedule", full.clone(), "session_full");
    assert_eq!(clinic.get(id)["session_id"], from, "it stays where it is");
    clinic.cancel(&patient(2), other);
    clinic.refused(&patient(2), "appointment.reschedule", full.clone(), "forbidden");
    let moved = clinic.ok(&patient(0), "appointment.reschedule", full.clone());
    assert_eq!((&moved["appointment_id"], &moved["session_id"]), (&json!(id), &json!(to)));
    assert_eq!((&moved["moved_from"], &moved["state"]), (&json!([from]), &json!("booked")));
    assert_eq!(moved["doctor_name"], "刘医生");
    // The place that it left was offered at once.
    let waits = clinic.ok(&patient(1), "waitlist.list", json!({"patient_id": FIRST_PATIENT + 1}));
    assert_eq!(waits["items"][0]["state"], "offered");
    assert_eq!((clinic.remaining(from), clinic.remaining(to)), (0, 0));
    let there = clinic.old(&json!({"query_appointments": 1, "doctor_name": "刘医生"}));
    let listed = there["appointments"].as_array().unwrap();
    assert!(listed.iter().any(|one| one["appointment_id"] == id), "{there}");
    let same = json!({"appointment_id": id, "session_id": to});
    assert_eq!(clinic.ok(&patient(0), "appointment.reschedule", same)["moved_from"], json!([from]));
    clinic.cancel(&patient(0), id);
    clinic.refused(&patient(0), "appointment.reschedule", full, "bad_transition");
}

#[test]
fn an_offer_that_is_moved_is_no_offer_any_longer() {
    let mut clinic = Clinic::new();
    let (from, to) = (clinic.session(4, 1), clinic.session(5, 1));
    let id = clinic.book(from, 0);
    let wait = json!({"session_id": from, "patient_id": FIRST_PATIENT + 1});
    clinic.ok(&patient(1), "waitlist.join", wait.clone());
    clinic.cancel(CLERK, id);
    let list = json!({"patient_id": FIRST_PATIENT + 1});
    let offered = clinic.ok(&patient(1), "waitlist.list", list.clone())["items"][0]["appointment_id"].take();
    let params = json!({"appointment_id": offered, "session_id": to});
    clinic.ok(&patient(1), "appointment.reschedule", params);
    assert_eq!(clinic.ok(&patient(1), "waitlist.list", list)["items"][0]["state"], "expired");
    assert_eq!(clinic.remaining(from), 1);
}

#[test]
fn patients_cancel_in_time_and_the_staff_always() {
    let mut clinic = Clinic::with(|settings| settings.clinic.booking.cancel_lead_min = 60);
    let session_id = clinic.session(4, 2);
    let (first, second) = (clinic.book(session_id, 0), clinic.book(session_id, 1));
    clinic.at("2026-01-05 08:00");
    let params = json!({"appointment_id": first});
    let facts = clinic.refused(&patient(0), "appointment.cancel", params, "too_late");
    assert_eq!(facts["until"], "2026-01-05 08:00:00");
    // The second one is seen an hour later.
    let cancelled = clinic.cancel(&patient(1), second);
    assert_eq!((&cancelled["state"], &cancelled["cancelled_by"]), (&json!("cancelled"), &json!("patient")));
    assert_eq!(clinic.remaining(session_id), 1);
    let again = clinic.cancel(&patient(1), second);
    assert_eq!(again, cancelled);
    assert_eq!(clinic.remaining(session_id), 1, "a place is given back once");
    assert_eq!(clinic.cancel("DOC001", first)["cancelled_by"], "doctor");
    assert_eq!(clinic.remaining(session_id), 2);
    clinic.book(session_id, 2);
}

#[test]
fn a_hold_may_be_let_go_at_any_time() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 1);
    clinic.at("2026-01-05 10:00");
    let params = json!({"session_id": session_id, "patient_id": FIRST_PATIENT});
    let id = clinic.ok(&patient(0), "appointment.hold", params)["appointment_id"].as_i64().unwrap();
    assert_eq!(clinic.cancel(&patient(0), id)["state"], "cancelled");
}

#[test]
fn who_took_a_step_takes_it_back_within_minutes() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 1);
    let id = clinic.book(session_id, 0);
    let undo = json!({"appointment_id": id});
    clinic.refused(&patient(0), "appointment.undo", undo.clone(), "nothing_to_undo");
    clinic.cancel(&patient(0), id);
    clinic.refused(NURSE, "appointment.undo", undo.clone(), "nothing_to_undo");
    assert_eq!(clinic.ok(&patient(0), "appointment.undo", undo.clone())["state"], "booked");
    assert_eq!(clinic.remaining(session_id), 0);
    clinic.refused(&patient(0), "appointment.undo", undo.clone(), "nothing_to_undo");
    clinic.cancel(&patient(0), id);
    clinic.book(session_id, 1);
    clinic.refused(&patient(0), "appointment.undo", undo.clone(), "session_full");
    clinic.pass(6);
    clinic.refused(&patient(0), "appointment.undo", undo, "nothing_to_undo");
}

#[test]
fn what_is_taken_back_may_not_stand_where_the_patient_is_by_now() {
    let mut clinic = Clinic::new();
    let (here, there) = (clinic.session(4, 1), clinic.session(5, 1));
    let id = clinic.book(here, 0);
    clinic.cancel(&patient(0), id);
    let other = clinic.book(there, 0);
    let undo = json!({"appointment_id": id});
    let facts = clinic.refused(&patient(0), "appointment.undo", undo, "patient_busy");
    assert_eq!(facts["appointment_id"], other);
    assert_eq!(clinic.remaining(here), 1);
}

#[test]
fn why_it_was_cancelled_goes_with_the_cancelling() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 1);
    let new = json!({"session_id": session_id, "patient_id": FIRST_PATIENT, "override_reason": "急诊"});
    let id = clinic.ok(CLERK, "appointment.book", new)["appointment_id"].as_i64().unwrap();
    let cancel = json!({"appointment_id": id, "reason": "来电"});
    assert_eq!(clinic.ok(CLERK, "appointment.cancel", cancel.clone())["reason"], "来电");
    assert_eq!(clinic.ok(CLERK, "appointment.undo", json!({"appointment_id": id}))["reason"], "急诊");
    clinic.ok(CLERK, "appointment.cancel", cancel);
    let old = json!({"update_appointment_status": 1, "appointment_id": id, "new_status": "pending"});
    assert_eq!(clinic.old(&old)["status"], "success");
    assert_eq!(clinic.get(id)["reason"], "急诊");
}

#[test]
fn a_patient_moves_a_place_online_only() {
    let mut clinic = Clinic::new();
    let (here, there) = (clinic.session(4, 1), clinic.session(5, 1));
    let onsite = json!({"session_id": here, "patient_id": FIRST_PATIENT, "onsite": true});
    let id = clinic.ok(CLERK, "appointment.book", onsite)["appointment_id"].take();
    let to = json!({"appointment_id": id, "session_id": there});
    let facts = clinic.refused(&patient(0), "appointment.reschedule", to.clone(), "forbidden");
    assert_eq!(facts["pool"], "onsite");
    assert_eq!(clinic.ok(NURSE, "appointment.reschedule", to)["session_id"], there);
}

#[test]
fn who_moves_is_reminded_of_the_new_time() {
    let mut clinic = Clinic::new();
    let here = clinic.session_of(json!({
        "doctor_id": 4, "period": "here", "starts_at": "2026-01-06 09:00", "ends_at": "2026-01-06 12:00",
        "capacity_online": 2,
    }));
    let there = clinic.session_of(json!({
        "doctor_id": 4, "period": "there", "starts_at": "2026-01-09 09:00", "ends_at": "2026-01-09 12:00",
        "capacity_online": 2,
    }));
    let kinds = |clinic: &mut Clinic| {
        let list = clinic.ok(&patient(0), "notice.list", json!({}));
        let items = list["items"].as_array().unwrap();
        items.iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let id = clinic.book(here, 0);
    clinic.at("2026-01-05 09:00");
    clinic.tick();
    assert_eq!(kinds(&mut clinic), ["reminder_day"]);
    clinic.ok(&patient(0), "appointment.reschedule", json!({"appointment_id": id, "session_id": there}));
    assert_eq!(kinds(&mut clinic), [""; 0], "that time is not theirs any longer");
    clinic.at("2026-01-08 09:00");
    clinic.tick();
    assert_eq!(kinds(&mut clinic), ["reminder_day"]);
}
