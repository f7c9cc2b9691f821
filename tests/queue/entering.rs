//! Coming into the queue.

use super::clinic::*;
use serde_json::json;

#[test]
fn checking_in_has_its_time() {
    let mut clinic = Clinic::new(6);
    let params = |clinic: &Clinic, place: usize| json!({"appointment_id": clinic.appointments[place]});
    clinic.now = at("07:59");
    let first = params(&clinic, 0);
    let facts = clinic.refused(NURSE, "queue.check_in", first.clone(), "too_early");
    assert_eq!(facts["opens_at"], "2026-01-05 08:00:00");
    clinic.now = at("08:00");
    let ticket = clinic.ok(&patient(0), "queue.check_in", first.clone());
    assert_eq!((&ticket["number"], &ticket["state"]), (&json!(1), &json!("waiting")));
    assert_eq!((&ticket["is_late"], &ticket["band"]), (&json!(false), &json!("booked")));
    let facts = clinic.refused(NURSE, "queue.check_in", first, "bad_transition");
    assert_eq!((&facts["from"], &facts["to"]), (&json!("checked_in"), &json!("checked_in")));
    assert_eq!(facts["allowed"], json!(["in_consultation", "cancelled"]));
    // The second one is to be seen at 09:06, and fifteen minutes of grace are not over yet.
    clinic.now = at("09:21");
    assert_eq!(clinic.ok(NURSE, "queue.check_in", params(&clinic, 1))["is_late"], false);
    clinic.now = at("09:28");
    assert_eq!(clinic.ok(NURSE, "queue.check_in", params(&clinic, 2))["is_late"], true);
    clinic.now = at("12:00");
    let facts = clinic.refused(NURSE, "queue.check_in", params(&clinic, 3), "too_late");
    assert_eq!(facts["until"], "2026-01-05 12:00:00");
    clinic.now.local = "2026-01-04T09:00:00.000000".into();
    let facts = clinic.refused(NURSE, "queue.check_in", params(&clinic, 3), "not_today");
    assert_eq!(facts["day"], DAY);
    clinic.refused(NURSE, "queue.check_in", json!({"appointment_id": 999}), "not_found");
}

#[test]
fn rights() {
    let mut clinic = Clinic::new(2);
    let first = json!({"appointment_id": clinic.appointments[0]});
    clinic.refused(NOBODY, "queue.check_in", first.clone(), "unauthenticated");
    clinic.refused(&patient(1), "queue.check_in", first.clone(), "forbidden");
    clinic.refused(OTHER_DOCTOR, "queue.check_in", first.clone(), "forbidden");
    clinic.refused(ADMIN, "queue.check_in", first.clone(), "reason_required");
    let tickets = clinic.check_in(0..2);
    for who in [&patient(0), OTHER_DOCTOR] {
        clinic.refused(who, "queue.call_next", json!({"session_id": 1}), "forbidden");
        clinic.refused(who, "queue.list", json!({"session_id": 1}), "forbidden");
        for step in ["recall", "skip", "return", "start", "finish", "undo"] {
            clinic.refused(who, &format!("queue.{step}"), json!({"ticket_id": tickets[0]}), "forbidden");
        }
        let priority = json!({"ticket_id": tickets[0], "priority": 2});
        clinic.refused(who, "queue.set_priority", priority, "forbidden");
    }
    clinic.refused(&patient(1), "queue.status", first.clone(), "forbidden");
    clinic.refused(&patient(1), "queue.leave", json!({"ticket_id": tickets[0]}), "forbidden");
    clinic.refused(
        &patient(0),
        "appointment.walk_in",
        json!({"session_id": 1, "patient_id": 10}),
        "forbidden",
    );
    let reason = json!({"session_id": 1, "reason": "the desk is empty"});
    assert_eq!(clinic.ok(ADMIN, "queue.call_next", reason)["ticket_id"], tickets[0]);
    assert_eq!(clinic.ok(DOCTOR, "queue.start", json!({"ticket_id": tickets[0]}))["state"], "serving");
    let left = clinic.ok(&patient(1), "queue.leave", json!({"ticket_id": tickets[1]}));
    assert_eq!(left["state"], "left", "after the time for cancelling, too");
}

#[test]
fn a_retry_gives_no_second_ticket() {
    let mut clinic = Clinic::new(1);
    let params = json!({"session_id": 1, "patient_id": 20, "request_id": "r1"});
    let first = clinic.ok(CLERK, "appointment.walk_in", params.clone());
    assert_eq!(clinic.ok(CLERK, "appointment.walk_in", params), first);
    let call = json!({"session_id": 1, "request_id": "r2"});
    let called = clinic.ok(NURSE, "queue.call_next", call.clone());
    assert_eq!(clinic.ok(NURSE, "queue.call_next", call), called);
}

#[test]
fn a_place_at_the_desk() {
    let mut clinic = Clinic::new(0);
    clinic.now = at("07:30");
    for patient_id in 10..20 {
        let params = json!({"session_id": 1, "patient_id": patient_id});
        let ticket = clinic.ok(CLERK, "appointment.walk_in", params);
        assert_eq!((&ticket["band"], &ticket["is_late"]), (&json!("walk_in"), &json!(false)));
    }
    let params = json!({"session_id": 1, "patient_id": 21});
    clinic.refused(CLERK, "appointment.walk_in", params, "session_full");
    let params = json!({"session_id": 2, "patient_id": 10});
    clinic.refused(CLERK, "appointment.walk_in", params, "patient_busy");
    clinic.refused(CLERK, "appointment.walk_in", json!({"session_id": 9, "patient_id": 10}), "not_found");
    clinic.refused(CLERK, "appointment.walk_in", json!({"session_id": 2, "patient_id": 999}), "not_found");
    clinic.now = at("12:00");
    let params = json!({"session_id": 2, "patient_id": 22});
    clinic.refused(CLERK, "appointment.walk_in", params, "booking_over");
    clinic.now.local = "2026-01-04T09:00:00.000000".into();
    let params = json!({"session_id": 2, "patient_id": 22});
    clinic.refused(CLERK, "appointment.walk_in", params, "not_today");
}

#[test]
fn a_second_visit_of_the_day() {
    let mut clinic = Clinic::new(2);
    let origin = json!({"origin_id": clinic.appointments[0]});
    let facts = clinic.refused(DOCTOR, "appointment.follow_up", origin.clone(), "not_completed");
    assert_eq!(facts["state"], "booked");
    clinic.check_in(0..1);
    assert_eq!(clinic.see_all(), [1]);
    clinic.refused(OTHER_DOCTOR, "appointment.follow_up", origin.clone(), "forbidden");
    clinic.refused(&patient(0), "appointment.follow_up", origin.clone(), "forbidden");
    clinic.now = at("11:00");
    let ticket = clinic.ok(DOCTOR, "appointment.follow_up", origin.clone());
    assert_eq!((&ticket["band"], &ticket["number"]), (&json!("followup"), &json!(2)));
    assert_eq!((&ticket["patient_id"], &ticket["is_late"]), (&json!(10), &json!(false)));
    assert_eq!(clinic.see_all(), [2]);
    clinic.now = at("12:00");
    clinic.refused(DOCTOR, "appointment.follow_up", origin, "session_closed");
}

#[test]
fn a_place_beyond_the_plan() {
    let mut clinic = Clinic::new(0);
    let params = json!({"session_id": 1, "patient_id": 12, "reason": "came from far"});
    clinic.refused(OTHER_DOCTOR, "appointment.add_on", params.clone(), "forbidden");
    clinic.refused(CLERK, "appointment.add_on", params.clone(), "forbidden");
    let without = json!({"session_id": 1, "patient_id": 12});
    assert_eq!(clinic.call(DOCTOR, "appointment.add_on", without).unwrap_err()["field"], "reason");
    let added = clinic.ok(DOCTOR, "appointment.add_on", params);
    assert_eq!((&added["remaining"], &added["patient_id"]), (&json!(0), &json!(12)));
    let another = json!({"session_id": 1, "patient_id": 13, "reason": "too"});
    clinic.refused(ADMIN, "appointment.add_on", another, "session_full");
    let ticket = clinic.ok(NURSE, "queue.check_in", json!({"appointment_id": added["appointment_id"]}));
    assert_eq!(ticket["band"], "booked");
}
