//! Who is called, and who is not.

use super::clinic::*;
use serde_json::{Value, json};

fn session(clinic: &mut Clinic, doctor_id: i64, period: &str, hours: [&str; 2]) -> i64 {
    clinic.session_of(json!({
        "doctor_id": doctor_id, "period": period, "starts_at": format!("{DAY} {}", hours[0]),
        "ends_at": format!("{DAY} {}", hours[1]), "capacity_online": 4, "capacity_onsite": 4,
    }))
}

fn walk_in(clinic: &mut Clinic, session_id: i64, number: i64) -> Value {
    let params = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + number});
    clinic.ok(NURSE, "appointment.walk_in", params)
}

fn check_in(clinic: &mut Clinic, appointment_id: i64) -> Value {
    clinic.ok(NURSE, "queue.check_in", json!({"appointment_id": appointment_id}))
}

fn of(ticket: &Value) -> Value {
    json!({"ticket_id": ticket["ticket_id"]})
}

fn into(session_id: i64, room: &str) -> Value {
    json!({"session_id": session_id, "room": room})
}

#[test]
fn nobody_is_called_or_seen_in_two_places() {
    let mut clinic = Clinic::new();
    let (here, there) = (
        session(&mut clinic, 4, "morning", ["09:00", "12:00"]),
        session(&mut clinic, 5, "noon", ["09:00", "12:00"]),
    );
    clinic.at("2026-01-05 09:00");
    let first = walk_in(&mut clinic, here, 0);
    let override_params =
        json!({"session_id": there, "patient_id": FIRST_PATIENT, "override_reason": "会诊"});
    let elsewhere = clinic.ok(CLERK, "appointment.book", override_params)["appointment_id"].as_i64().unwrap();
    let second = check_in(&mut clinic, elsewhere);
    clinic.ok(NURSE, "queue.call_next", into(here, "101"));
    clinic.refused(NURSE, "queue.call_next", into(there, "102"), "queue_empty");
    // Somebody else is called meanwhile, who stands behind.
    let third = walk_in(&mut clinic, there, 1);
    assert_eq!(clinic.ok(NURSE, "queue.call_next", into(there, "102"))["ticket_id"], third["ticket_id"]);
    clinic.ok(NURSE, "queue.start", of(&first));
    clinic.refused(NURSE, "queue.call_next", into(there, "103"), "queue_empty");
    clinic.ok(NURSE, "queue.finish", of(&first));
    assert_eq!(clinic.ok(NURSE, "queue.call_next", into(there, "103"))["ticket_id"], second["ticket_id"]);
    let facts = clinic.refused(NURSE, "queue.undo", of(&first), "patient_busy");
    assert_eq!(facts["appointment_id"], elsewhere);
    clinic.ok(NURSE, "queue.undo", of(&second));
    assert_eq!(clinic.ok(NURSE, "queue.undo", of(&first))["state"], "serving");
}

#[test]
fn whoever_is_seen_elsewhere_does_not_take_the_turn_of_their_row() {
    let mut clinic = Clinic::new();
    let (here, there) = (
        session(&mut clinic, 4, "morning", ["09:00", "12:00"]),
        session(&mut clinic, 5, "noon", ["09:00", "12:00"]),
    );
    clinic.at("2026-01-05 09:00");
    let booked = [1, 2, 3].map(|number| clinic.book(here, number));
    let booked = booked.map(|appointment_id| check_in(&mut clinic, appointment_id));
    walk_in(&mut clinic, there, 4);
    clinic.ok(NURSE, "queue.call_next", into(there, "102"));
    let params = json!({"session_id": here, "patient_id": FIRST_PATIENT + 4, "onsite": true,
        "override_reason": "会诊"});
    let away = clinic.ok(CLERK, "appointment.book", params)["appointment_id"].as_i64().unwrap();
    let (away, second) = (check_in(&mut clinic, away), walk_in(&mut clinic, here, 5));
    for (room, ticket) in [("1", &booked[0]), ("2", &booked[1]), ("3", &second), ("4", &booked[2])] {
        let called = clinic.ok(NURSE, "queue.call_next", into(here, room));
        assert_eq!(called["ticket_id"], ticket["ticket_id"], "into {room}");
    }
    clinic.refused(NURSE, "queue.call_next", into(here, "5"), "queue_empty");
    let asked = json!({"appointment_id": away["appointment_id"]});
    assert_eq!(clinic.ok(NURSE, "queue.status", asked)["ticket"]["state"], "waiting");
}

#[test]
fn a_visit_that_was_followed_stays_finished() {
    let mut clinic = Clinic::new();
    let session_id = session(&mut clinic, 4, "morning", ["09:00", "12:00"]);
    clinic.at("2026-01-05 09:00");
    let first = walk_in(&mut clinic, session_id, 0);
    clinic.ok(NURSE, "queue.call_next", into(session_id, "101"));
    for step in ["queue.start", "queue.finish"] {
        clinic.ok(NURSE, step, of(&first));
    }
    let follow = json!({"origin_id": first["appointment_id"]});
    let again = clinic.ok(NURSE, "appointment.follow_up", follow.clone());
    let facts = clinic.refused(NURSE, "queue.undo", of(&first), "conflict");
    assert_eq!(facts["appointment_id"], again["appointment_id"]);
    // One that comes to nothing hangs on nothing.
    clinic.ok(NURSE, "queue.leave", of(&again));
    assert_eq!(clinic.ok(NURSE, "queue.undo", of(&first))["state"], "serving");
    clinic.ok(NURSE, "queue.finish", of(&first));
    let again = clinic.ok(NURSE, "appointment.follow_up", follow);
    clinic.ok(NURSE, "queue.call_next", into(session_id, "102"));
    for step in ["queue.start", "queue.finish"] {
        clinic.ok(NURSE, step, of(&again));
    }
    clinic.refused(NURSE, "queue.undo", of(&first), "conflict");
}

#[test]
fn one_stands_in_a_queue_once() {
    let mut clinic = Clinic::with(|settings| {
        settings.clinic.booking.limit_scope = medsrv::service::booking::LimitScope::None;
    });
    let session_id = session(&mut clinic, 4, "morning", ["09:00", "12:00"]);
    clinic.at("2026-01-05 08:30");
    let seen = walk_in(&mut clinic, session_id, 0);
    let again = json!({"session_id": session_id, "patient_id": FIRST_PATIENT});
    let facts = clinic.refused(NURSE, "appointment.walk_in", again.clone(), "limit_reached");
    assert_eq!(facts["appointment_id"], seen["appointment_id"]);
    clinic.ok(NURSE, "queue.call_next", into(session_id, "101"));
    for step in ["queue.start", "queue.finish"] {
        clinic.ok(NURSE, step, of(&seen));
    }
    let follow = json!({"origin_id": seen["appointment_id"]});
    clinic.at("2026-01-05 10:30");
    walk_in(&mut clinic, session_id, 0);
    clinic.refused(NURSE, "appointment.follow_up", follow, "limit_reached");
}

#[test]
fn who_has_left_by_mistake_waits_again_in_the_old_place() {
    let mut clinic = Clinic::new();
    let session_id = session(&mut clinic, 4, "morning", ["09:00", "12:00"]);
    let booked = clinic.book(session_id, 0);
    clinic.at("2026-01-05 09:00");
    let first = clinic.ok(&patient(0), "queue.check_in", json!({"appointment_id": booked}));
    clinic.ok(NURSE, "queue.call_next", into(session_id, "101"));
    clinic.ok(&patient(0), "queue.leave", of(&first));
    let undo = json!({"appointment_id": booked});
    clinic.refused(NURSE, "appointment.undo", undo.clone(), "nothing_to_undo");
    assert_eq!(clinic.ok(&patient(0), "appointment.undo", undo.clone())["state"], "checked_in");
    clinic.refused(&patient(0), "appointment.undo", undo.clone(), "nothing_to_undo");
    let again = clinic.ok(NURSE, "queue.call_next", into(session_id, "101"));
    assert_eq!((&again["number"], &again["calls"]), (&first["number"], &json!(1)));
    // Nor does one stand in the queue a second time.
    clinic.ok(NURSE, "queue.leave", of(&first));
    let walk_in = walk_in(&mut clinic, session_id, 0);
    let facts = clinic.refused(NURSE, "appointment.undo", undo.clone(), "patient_busy");
    assert_eq!(facts["appointment_id"], walk_in["appointment_id"]);
    clinic.ok(CLERK, "queue.leave", of(&walk_in));
    assert_eq!(clinic.ok(NURSE, "appointment.undo", undo)["state"], "checked_in");
    assert_eq!(clinic.remaining(session_id), 3);
}
