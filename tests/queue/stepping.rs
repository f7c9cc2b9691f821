//! Calling and everything that follows.

use super::clinic::*;
use serde_json::json;

#[test]
fn two_booked_ones_for_each_who_came_without() {
    let mut clinic = Clinic::new(5);
    clinic.walk_in(30);
    clinic.check_in(0..5);
    clinic.walk_in(31);
    clinic.walk_in(32);
    // Numbers 1, 7 and 8 came without an appointment.
    assert_eq!(clinic.see_all(), [2, 3, 1, 4, 5, 7, 6, 8]);
}

#[test]
fn who_is_urgent_comes_first_and_who_is_late_last() {
    let mut clinic = Clinic::new(6);
    let mut tickets = clinic.check_in(1..5);
    clinic.now = at("09:30");
    tickets.extend(clinic.check_in(0..1));
    let late = clinic.ok(DOCTOR, "queue.list", json!({"session_id": 1}))["items"][4].clone();
    assert_eq!((&late["number"], &late["is_late"]), (&json!(5), &json!(true)));
    for (ticket_id, priority) in [(tickets[2], 1), (tickets[3], 2)] {
        let params = json!({"ticket_id": ticket_id, "priority": priority});
        assert_eq!(clinic.ok(NURSE, "queue.set_priority", params)["priority"], priority);
    }
    for priority in [-1, 3] {
        let params = json!({"ticket_id": tickets[0], "priority": priority});
        assert_eq!(clinic.call(NURSE, "queue.set_priority", params).unwrap_err()["field"], "priority");
    }
    assert_eq!(clinic.see_all(), [4, 3, 1, 2, 5]);
    let params = json!({"ticket_id": tickets[0], "priority": 1});
    clinic.refused(NURSE, "queue.set_priority", params, "bad_transition");
}

#[test]
fn a_room_has_one_patient_and_two_rooms_never_the_same() {
    let mut clinic = Clinic::new(3);
    let tickets = clinic.check_in(0..3);
    let first = clinic.call_next("101");
    let second = clinic.call_next("102");
    assert_eq!([first, second], [tickets[0], tickets[1]]);
    let call = json!({"session_id": 1, "room": "101"});
    let facts = clinic.refused(NURSE, "queue.call_next", call.clone(), "room_busy");
    assert_eq!(facts["ticket"], json!({"ticket_id": first, "number": 1, "state": "called"}));
    clinic.step("start", first);
    let facts = clinic.refused(NURSE, "queue.call_next", call.clone(), "room_busy");
    assert_eq!(facts["ticket"]["state"], "serving");
    clinic.step("finish", first);
    assert_eq!(clinic.call_next("101"), tickets[2]);
    let other = json!({"session_id": 1, "room": "103"});
    clinic.refused(NURSE, "queue.call_next", other, "queue_empty");
    let facts = clinic.refused(NURSE, "queue.finish", json!({"ticket_id": second}), "bad_transition");
    assert_eq!((&facts["from"], &facts["to"]), (&json!("called"), &json!("done")));
    assert_eq!(facts["allowed"], json!(["serving", "skipped", "left"]));
    clinic.refused(NURSE, "queue.start", json!({"ticket_id": first}), "bad_transition");
    clinic.refused(NURSE, "queue.start", json!({"ticket_id": 99}), "not_found");
    // The room is free for the other doctor only once it is empty.
    let other = json!({"session_id": 2, "room": "101"});
    clinic.refused(NURSE, "queue.call_next", other, "room_busy");
}

#[test]
fn who_does_not_come_is_passed_over_and_may_come_back() {
    let mut clinic = Clinic::new(7);
    let tickets = clinic.check_in(0..6);
    assert_eq!(clinic.call_next(ROOM), tickets[0]);
    let skip = json!({"ticket_id": tickets[0]});
    let facts = clinic.refused(NURSE, "queue.skip", skip.clone(), "calls_remaining");
    assert_eq!(facts["remaining"], 2);
    clinic.step("recall", tickets[0]);
    assert_eq!(clinic.step("recall", tickets[0])["calls"], 3);
    let skipped = clinic.step("skip", tickets[0]);
    assert_eq!((&skipped["state"], &skipped["room"]), (&json!("skipped"), &json!(null)));
    clinic.refused(NURSE, "queue.recall", skip, "bad_transition");
    assert_eq!(clinic.step("return", tickets[0])["state"], "waiting");
    // Behind three who wait, and before whoever comes now.
    clinic.check_in(6..7);
    assert_eq!(clinic.see_all(), [2, 3, 4, 1, 5, 6, 7]);
}

#[test]
fn who_was_passed_over_too_often_has_left() {
    let mut clinic = Clinic::new(1);
    let ticket = clinic.check_in(0..1)[0];
    for skips in 1..=3 {
        assert_eq!(clinic.call_next(ROOM), ticket);
        let skipped = clinic.ok(NURSE, "queue.skip", json!({"ticket_id": ticket, "now": true}));
        assert_eq!(skipped["skips"], skips);
        assert_eq!(skipped["state"], if skips < 3 { "skipped" } else { "left" });
        if skips < 3 {
            clinic.step("return", ticket);
        }
    }
    let again = json!({"appointment_id": clinic.appointments[0]});
    let facts = clinic.refused(NURSE, "queue.check_in", again, "bad_transition");
    assert_eq!(facts["from"], "cancelled");
    clinic.refused(NURSE, "queue.return", json!({"ticket_id": ticket}), "bad_transition");
}

#[test]
fn a_mistake_is_taken_back_by_whoever_made_it() {
    let mut clinic = Clinic::new(3);
    let tickets = clinic.check_in(0..3);
    let undo = json!({"ticket_id": tickets[0]});
    clinic.refused(NURSE, "queue.undo", undo.clone(), "nothing_to_undo");
    assert_eq!(clinic.call_next(ROOM), tickets[0]);
    clinic.refused(DOCTOR, "queue.undo", undo.clone(), "nothing_to_undo");
    let waiting = clinic.step("undo", tickets[0]);
    assert_eq!((&waiting["state"], &waiting["calls"]), (&json!("waiting"), &json!(0)));
    assert_eq!(waiting["room"], json!(null));
    assert_eq!(clinic.call_next(ROOM), tickets[0], "where it was");
    clinic.step("start", tickets[0]);
    assert_eq!(clinic.step("undo", tickets[0])["state"], "called");
    clinic.refused(NURSE, "queue.undo", undo.clone(), "nothing_to_undo");
    clinic.step("start", tickets[0]);
    clinic.step("finish", tickets[0]);
    let reason = json!({"ticket_id": tickets[0], "reason": "the nurse has gone home"});
    assert_eq!(clinic.ok(ADMIN, "queue.undo", reason)["state"], "serving");
    clinic.step("finish", tickets[0]);
    assert_eq!(clinic.call_next(ROOM), tickets[1]);
    clinic.refused(NURSE, "queue.undo", undo, "room_busy");
    clinic.now = at("09:06");
    clinic.refused(NURSE, "queue.undo", json!({"ticket_id": tickets[1]}), "nothing_to_undo");
}

#[test]
fn an_undone_call_does_not_count_in_the_order() {
    let mut clinic = Clinic::new(4);
    let tickets = clinic.check_in(0..4);
    clinic.walk_in(30);
    for ticket in &tickets[..2] {
        assert_eq!(clinic.call_next(ROOM), *ticket);
        clinic.step("start", *ticket);
        clinic.step("finish", *ticket);
    }
    let without = clinic.call_next(ROOM);
    clinic.step("undo", without);
    assert_eq!(clinic.see_all(), [5, 3, 4]);
}

#[test]
fn a_restart_keeps_everything() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clinic.db");
    let mut clinic = Clinic::on_file(&path, 5);
    let tickets = clinic.check_in(0..5);
    clinic.walk_in(30);
    assert_eq!(clinic.call_next(ROOM), tickets[0]);
    clinic.step("start", tickets[0]);
    assert_eq!(clinic.call_next("102"), tickets[1]);
    let before = clinic.ok(NURSE, "queue.list", json!({"session_id": 1}));
    clinic.close();
    let mut clinic = Clinic::on_file(&path, 5);
    assert_eq!(clinic.ok(NURSE, "queue.list", json!({"session_id": 1})), before);
    clinic.step("finish", tickets[0]);
    clinic.ok(NURSE, "queue.skip", json!({"ticket_id": tickets[1], "now": true}));
    // Two booked ones have been called, so the turn of the one who came without is due.
    assert_eq!(clinic.see_all(), [6, 3, 4, 5]);
    clinic.close();
}
