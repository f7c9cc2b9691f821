//! Clients that know nothing of sessions.

use super::clinic::*;
use serde_json::{Value, json};

fn create(clinic: &mut Clinic, number: i64, time: &str) -> Value {
    clinic.old(&json!({"create_appointment": 1, "patient_phone": patient(number), "doctor_name": "王医生",
        "appointment_time": time}))
}

fn created(clinic: &mut Clinic, number: i64, time: &str) -> i64 {
    let reply = create(clinic, number, time);
    reply["appointment_info"]["appointment_id"].as_i64().unwrap_or_else(|| panic!("{reply}"))
}

/// Sets a status. Returns whether that was done, and what was said.
fn set(clinic: &mut Clinic, appointment_id: i64, status: &str) -> (bool, String) {
    let reply = clinic.old(&json!({"update_appointment_status": 1, "appointment_id": appointment_id,
        "new_status": status}));
    (reply["status"] == "success", reply["message"].as_str().unwrap().to_owned())
}

/// The status that old clients are shown.
fn shown(clinic: &mut Clinic, appointment_id: i64) -> String {
    let list = clinic.old(&json!({"query_appointments": 1, "doctor_name": "王医生"}));
    let listed = list["appointments"].as_array().unwrap();
    let found = listed.iter().find(|one| one["appointment_id"] == appointment_id).unwrap();
    found["status"].as_str().unwrap().to_owned()
}

#[test]
fn old_clients_get_the_places_of_sessions_and_no_others() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 1);
    let outside = create(&mut clinic, 0, "2026-01-05 13:00:00");
    assert_eq!(outside["status"], "error");
    let id = created(&mut clinic, 0, "2026-01-05 09:30:00");
    assert_eq!((clinic.state(id).as_str(), clinic.remaining(session_id)), ("booked", 0));
    assert_eq!(create(&mut clinic, 1, "2026-01-05 10:00:00")["message"], "医生 王医生 该时段的预约已满");
    clinic.refused_book(session_id, 1, "session_full");
    // Another day has no sessions, and its old rules.
    created(&mut clinic, 1, "2026-01-06 10:00:00");
    clinic.old(&json!({"cancel_appointment": 1, "appointment_id": id}));
    assert_eq!((clinic.state(id).as_str(), clinic.remaining(session_id)), ("cancelled", 1));
    clinic.ok(CLERK, "schedule.stop_session", json!({"session_id": session_id, "reason": "停诊"}));
    assert_eq!(create(&mut clinic, 2, "2026-01-05 10:00:00")["message"], "医生 王医生 该时段停诊");
}

#[test]
fn old_clients_see_each_state_in_three_words() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 5);
    let id = clinic.book(session_id, 0);
    assert_eq!(shown(&mut clinic, id), "pending");
    clinic.at("2026-01-05 09:00");
    let ticket = clinic.ok(NURSE, "queue.check_in", json!({"appointment_id": id}))["ticket_id"].take();
    assert_eq!(shown(&mut clinic, id), "pending");
    clinic.ok(NURSE, "queue.call_next", json!({"session_id": session_id, "room": "1"}));
    for step in ["queue.start", "queue.finish"] {
        clinic.ok(NURSE, step, json!({"ticket_id": ticket}));
    }
    assert_eq!(shown(&mut clinic, id), "completed");
    let other = clinic.book(session_id, 1);
    clinic.cancel(CLERK, other);
    assert_eq!(shown(&mut clinic, other), "cancelled");
    let hold = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + 2});
    let held = clinic.ok(&patient(2), "appointment.hold", hold)["appointment_id"].as_i64().unwrap();
    assert_eq!(shown(&mut clinic, held), "pending");
    clinic.pass(5);
    clinic.tick();
    assert_eq!(shown(&mut clinic, held), "cancelled");
}

#[test]
fn what_old_clients_bring_back_takes_a_place_again_or_stays_over() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 1);
    let id = clinic.book(session_id, 0);
    assert!(set(&mut clinic, id, "cancelled").0);
    assert!(set(&mut clinic, id, "pending").0);
    assert_eq!((clinic.state(id).as_str(), clinic.remaining(session_id)), ("booked", 0));
    assert!(set(&mut clinic, id, "cancelled").0);
    let other = clinic.book(session_id, 1);
    let (is_done, said) = set(&mut clinic, id, "pending");
    assert!(!is_done && said.contains("预约已满"), "{said}");
    clinic.cancel(CLERK, other);
    // The patient is elsewhere by then.
    let elsewhere = clinic.session(5, 1);
    let there = clinic.book(elsewhere, 0);
    assert!(!set(&mut clinic, id, "pending").0);
    clinic.cancel(CLERK, there);
    clinic.ok(CLERK, "schedule.stop_session", json!({"session_id": session_id, "reason": "停诊"}));
    for status in ["pending", "completed"] {
        let (is_done, said) = set(&mut clinic, id, status);
        assert!(!is_done && said.contains("停诊"), "{said}");
    }
    assert_eq!((clinic.state(id).as_str(), clinic.remaining(session_id)), ("cancelled", 1));
}

#[test]
fn who_did_not_come_can_be_found_to_have_come_but_not_to_come_still() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 1);
    let id = clinic.book(session_id, 0);
    clinic.at("2026-01-05 12:00");
    clinic.tick();
    assert!(!set(&mut clinic, id, "pending").0, "nobody is booked in a session that is over");
    assert!(set(&mut clinic, id, "completed").0);
    assert_eq!((clinic.state(id).as_str(), clinic.remaining(session_id)), ("completed", 0));
    assert!(!set(&mut clinic, id, "pending").0);
}

#[test]
fn who_has_a_ticket_and_is_brought_back_waits_again() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 2);
    let id = clinic.book(session_id, 0);
    clinic.at("2026-01-05 09:00");
    let first = clinic.ok(NURSE, "queue.check_in", json!({"appointment_id": id}));
    for status in ["cancelled", "completed"] {
        assert!(set(&mut clinic, id, status).0);
        let ended = if status == "completed" { "done" } else { "left" };
        let ticket = clinic.ok(NURSE, "queue.status", json!({"appointment_id": id}))["ticket"].take();
        assert_eq!(ticket["state"], ended);
        assert!(set(&mut clinic, id, "pending").0);
        assert_eq!(clinic.state(id), "checked_in");
        let ticket = clinic.ok(NURSE, "queue.status", json!({"appointment_id": id}))["ticket"].take();
        assert_eq!((&ticket["state"], &ticket["number"]), (&json!("waiting"), &first["number"]));
    }
    clinic.refused(NURSE, "queue.check_in", json!({"appointment_id": id}), "bad_transition");
    let called = clinic.ok(NURSE, "queue.call_next", json!({"session_id": session_id, "room": "1"}));
    assert_eq!(called["appointment_id"], id);
}

#[test]
fn a_ticket_says_what_its_appointment_says_whatever_an_old_client_does() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 2);
    let id = clinic.book(session_id, 0);
    clinic.at("2026-01-05 09:00");
    let ticket = clinic.ok(NURSE, "queue.check_in", json!({"appointment_id": id}))["ticket_id"].take();
    clinic.ok(NURSE, "queue.call_next", json!({"session_id": session_id, "room": "1"}));
    for step in ["queue.start", "queue.finish"] {
        clinic.ok(NURSE, step, json!({"ticket_id": ticket}));
    }
    assert!(set(&mut clinic, id, "pending").0);
    let sql = "SELECT count(*) FROM tickets WHERE state = 'waiting' AND calls = 0 AND call_order IS NULL
        AND called_ms IS NULL AND started_ms IS NULL AND finished_ms IS NULL";
    assert_eq!(clinic.number(sql), 1, "as if nobody had called them");
    assert!(set(&mut clinic, id, "cancelled").0);
    assert!(set(&mut clinic, id, "completed").0);
    let status = clinic.ok(NURSE, "queue.status", json!({"appointment_id": id}));
    assert_eq!(status["ticket"]["state"], "done");
}

#[test]
fn a_stopped_session_has_seen_nobody_when_it_is_closed_either() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 1);
    let id = clinic.book(session_id, 0);
    clinic.ok(CLERK, "schedule.stop_session", json!({"session_id": session_id, "reason": "停诊"}));
    clinic.at("2026-01-05 12:00");
    clinic.tick();
    assert_eq!(clinic.listed(session_id)["state"], "closed");
    let (is_done, said) = set(&mut clinic, id, "completed");
    assert!(!is_done && said.contains("停诊"), "{said}");
}

#[test]
fn an_offer_that_an_old_client_completes_is_accepted() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 1);
    let id = clinic.book(session_id, 0);
    let wait = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + 1});
    clinic.ok(&patient(1), "waitlist.join", wait);
    clinic.cancel(CLERK, id);
    let list = json!({"patient_id": FIRST_PATIENT + 1});
    let offered = clinic.ok(&patient(1), "waitlist.list", list.clone())["items"][0]["appointment_id"].take();
    assert!(set(&mut clinic, offered.as_i64().unwrap(), "completed").0);
    assert_eq!(clinic.ok(&patient(1), "waitlist.list", list)["items"][0]["state"], "accepted");
}

/// Puts a row straight into the table. Returns what was said.
fn put(clinic: &mut Clinic, number: i64, time: &str, status: &str) -> String {
    let row = json!({"table_name": "appointments", "patient_id": FIRST_PATIENT + number, "doctor_id": 4,
        "appointment_time": time, "status": status});
    clinic.old(&row).as_str().unwrap().to_owned()
}

#[test]
fn a_row_put_straight_into_the_table_takes_a_place_like_any_other() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 1);
    assert!(put(&mut clinic, 0, "2026-01-05 13:00", "pending").contains("不出诊"));
    assert!(put(&mut clinic, 0, "2026-01-05 09:30", "pending").contains("成功"));
    assert_eq!(clinic.remaining(session_id), 0);
    clinic.refused_book(session_id, 1, "session_full");
    assert!(put(&mut clinic, 1, "2026-01-05 10:00", "pending").contains("预约已满"));
    // What is over takes none.
    assert!(put(&mut clinic, 2, "2026-01-05 10:00", "cancelled").contains("成功"));
    assert!(put(&mut clinic, 3, "2026-01-05 10:00", "completed").contains("成功"));
    let list = clinic.ok(CLERK, "appointment.list", json!({"session_id": session_id}));
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["state"], "booked");
}

#[test]
fn what_was_over_before_its_session_was_made_takes_a_place_when_it_comes_back() {
    let mut clinic = Clinic::new();
    let id = created(&mut clinic, 0, "2026-01-05 09:30:00");
    assert!(set(&mut clinic, id, "cancelled").0);
    let seen = created(&mut clinic, 1, "2026-01-05 13:00:00");
    assert!(set(&mut clinic, seen, "completed").0);
    let session_id = clinic.session(4, 1);
    let other = clinic.book(session_id, 2);
    let (is_done, said) = set(&mut clinic, id, "pending");
    assert!(!is_done && said.contains("预约已满"), "{said}");
    clinic.cancel(CLERK, other);
    assert!(set(&mut clinic, id, "pending").0);
    assert_eq!((clinic.state(id).as_str(), clinic.remaining(session_id)), ("booked", 0));
    assert!(set(&mut clinic, seen, "pending").0, "it was there before the sessions");
}

#[test]
fn old_clients_are_held_to_one_place_at_a_time_and_to_penalties() {
    let mut clinic = Clinic::with(|settings| settings.clinic.booking.no_shows_max = 1);
    let (here, there) = (clinic.session(4, 3), clinic.session(5, 1));
    clinic.book(there, 0);
    // It begins at another minute, and goes on at the same time.
    let busy = create(&mut clinic, 0, "2026-01-05 09:30:00");
    assert_eq!(busy["message"], "该患者在同一时间已有预约");
    let missed = clinic.book(here, 1);
    clinic.at("2026-01-05 12:00");
    clinic.tick();
    assert_eq!(clinic.state(missed), "no_show");
    clinic.session_of(json!({
        "doctor_id": 4, "period": "next", "starts_at": "2026-01-06 09:00", "ends_at": "2026-01-06 12:00",
        "capacity_online": 3,
    }));
    let penalised = create(&mut clinic, 1, "2026-01-06 09:30:00");
    assert_eq!(penalised["message"], "该患者多次预约未到，2026-04-05 前请到窗口预约");
    created(&mut clinic, 2, "2026-01-06 09:30:00");
}
