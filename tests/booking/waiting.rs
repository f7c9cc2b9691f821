//! Who waits for a place, and in which order they get one.

use super::clinic::*;
use medsrv::service::booking::LimitScope;
use serde_json::{Value, json};

fn join(clinic: &mut Clinic, session_id: i64, number: i64) -> Value {
    let params = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + number});
    clinic.ok(&patient(number), "waitlist.join", params)
}

/// How the last entry of a patient stands, and what is offered.
fn entry(clinic: &mut Clinic, number: i64) -> (String, Value) {
    let params = json!({"patient_id": FIRST_PATIENT + number});
    let mut list = clinic.ok(&patient(number), "waitlist.list", params);
    let first = &mut list["items"][0];
    (first["state"].as_str().unwrap().to_owned(), first["appointment_id"].take())
}

#[test]
fn whoever_came_first_is_offered_first() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 1);
    let params = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + 1});
    assert_eq!(clinic.refused(&patient(1), "waitlist.join", params.clone(), "has_places")["remaining"], 1);
    let id = clinic.book(session_id, 0);
    for (number, before) in [(1, 0), (2, 1), (3, 2)] {
        assert_eq!(join(&mut clinic, session_id, number)["before"], before);
    }
    clinic.refused(&patient(1), "waitlist.join", params.clone(), "already_waiting");
    clinic.cancel(&patient(0), id);
    let (state, offered) = entry(&mut clinic, 1);
    assert_eq!((state.as_str(), clinic.state(offered.as_i64().unwrap()).as_str()), ("offered", "held"));
    assert_eq!(clinic.remaining(session_id), 0, "what is offered is nobody else's");
    clinic.refused(&patient(1), "waitlist.join", params, "already_waiting");
    let notices = clinic.ok(&patient(1), "notice.list", json!({}));
    assert_eq!(notices["items"][0]["kind"], "place_offered");
    // An offer that is not taken passes on.
    clinic.pass(5);
    clinic.tick();
    assert_eq!(entry(&mut clinic, 1).0, "expired");
    let (state, offered) = entry(&mut clinic, 2);
    assert_eq!(state, "offered");
    let booked = clinic.ok(&patient(2), "appointment.confirm", json!({"appointment_id": offered}));
    assert_eq!(booked["state"], "booked");
    assert_eq!((entry(&mut clinic, 2).0.as_str(), entry(&mut clinic, 3).0.as_str()), ("accepted", "waiting"));
    // More places are offered as well.
    let more = json!({"session_id": session_id, "capacity_online": 3});
    assert_eq!(clinic.ok(CLERK, "schedule.resize_session", more)["online"]["remaining"], 1);
    assert_eq!(entry(&mut clinic, 3).0, "offered");
}

#[test]
fn who_waits_no_longer_gives_the_offer_to_the_next() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 1);
    let id = clinic.book(session_id, 0);
    let first = join(&mut clinic, session_id, 1)["entry_id"].take();
    join(&mut clinic, session_id, 2);
    // The session has begun by now, and the hour of the place is over.
    clinic.at("2026-01-05 10:00");
    clinic.cancel(CLERK, id);
    let leave = json!({"entry_id": first});
    clinic.refused(&patient(2), "waitlist.leave", leave.clone(), "forbidden");
    assert_eq!(clinic.ok(&patient(1), "waitlist.leave", leave.clone())["state"], "left");
    assert_eq!(entry(&mut clinic, 2).0, "offered");
    assert_eq!(clinic.ok(&patient(1), "waitlist.leave", leave)["state"], "left");
    clinic.refused(CLERK, "waitlist.leave", json!({"entry_id": 99}), "not_found");
}

#[test]
fn who_cannot_take_the_place_is_passed_over() {
    let mut clinic = Clinic::new();
    let (session_id, elsewhere) = (clinic.session(4, 1), clinic.session(5, 3));
    let id = clinic.book(session_id, 0);
    join(&mut clinic, session_id, 1);
    join(&mut clinic, session_id, 2);
    clinic.book(elsewhere, 1);
    clinic.cancel(&patient(0), id);
    assert_eq!((entry(&mut clinic, 1).0.as_str(), entry(&mut clinic, 2).0.as_str()), ("passed", "offered"));
    assert_eq!(clinic.ok(&patient(1), "notice.list", json!({}))["items"][0]["kind"], "passed_over");
}

#[test]
fn nobody_waits_for_what_does_not_come() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 1);
    clinic.book(session_id, 0);
    join(&mut clinic, session_id, 1);
    for (session_id, patient_id) in [(99, FIRST_PATIENT), (session_id, 999)] {
        let params = json!({"session_id": session_id, "patient_id": patient_id});
        clinic.refused(CLERK, "waitlist.join", params, "not_found");
    }
    clinic.ok(CLERK, "schedule.stop_session", json!({"session_id": session_id, "reason": "停诊"}));
    assert_eq!(entry(&mut clinic, 1).0, "expired");
    let told = clinic.ok(&patient(1), "notice.list", json!({}))["items"][0].take();
    assert_eq!((&told["kind"], &told["text"]), (&json!("session_stopped"), &json!("停诊")));
    let params = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + 2});
    clinic.refused(&patient(2), "waitlist.join", params, "session_closed");
}

#[test]
fn it_is_said_who_has_let_an_offer_go() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 1);
    let id = clinic.book(session_id, 0);
    let first = join(&mut clinic, session_id, 1)["entry_id"].take();
    clinic.cancel(CLERK, id);
    let offered = entry(&mut clinic, 1).1.as_i64().unwrap();
    clinic.ok(CLERK, "waitlist.leave", json!({"entry_id": first}));
    assert_eq!(clinic.get(offered)["cancelled_by"], "staff");
}

#[test]
fn who_could_not_book_does_not_wait() {
    let mut clinic = Clinic::new();
    let (session_id, elsewhere) = (clinic.session(4, 1), clinic.session(5, 3));
    clinic.book(session_id, 0);
    clinic.book(elsewhere, 1);
    let params = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + 1});
    clinic.refused(&patient(1), "waitlist.join", params, "patient_busy");
    // Whoever has a place there does not wait for another one, whatever the limit is.
    for limit_scope in [LimitScope::Department, LimitScope::None] {
        let mut clinic = Clinic::with(|settings| settings.clinic.booking.limit_scope = limit_scope);
        let session_id = clinic.session(4, 2);
        let id = clinic.book(session_id, 0);
        clinic.book(session_id, 1);
        let params = json!({"session_id": session_id, "patient_id": FIRST_PATIENT});
        let facts = clinic.refused(&patient(0), "waitlist.join", params, "limit_reached");
        assert_eq!(facts["appointment_id"], id);
    }
}

#[test]
fn a_place_that_is_free_before_it_may_be_given_out_is_offered_then() {
    let mut clinic = Clinic::new();
    let old = json!({"create_appointment": 1, "patient_phone": patient(0), "doctor_name": "王医生",
        "appointment_time": "2026-01-06 09:30:00"});
    let adopted = clinic.old(&old)["appointment_info"]["appointment_id"].as_i64().unwrap();
    let session_id = clinic.session_of(json!({
        "doctor_id": 4, "period": "morning", "starts_at": "2026-01-06 09:00", "ends_at": "2026-01-06 12:00",
        "capacity_online": 1, "release_at": "2026-01-05 12:00",
    }));
    join(&mut clinic, session_id, 1);
    clinic.cancel(CLERK, adopted);
    clinic.tend();
    assert_eq!(entry(&mut clinic, 1).0, "waiting", "it is not given out yet");
    clinic.at("2026-01-05 12:00");
    clinic.tend();
    assert_eq!(entry(&mut clinic, 1).0, "offered");
}
