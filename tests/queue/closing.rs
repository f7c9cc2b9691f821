//! What becomes of a queue whose session ends.

use super::clinic::{FIRST_PATIENT, ROOM, at, book};
use super::desk::Desk;
use medsrv::service::appointment::Status;
use medsrv::service::booking::{self, CancelledBy};
use medsrv::service::queue::{self, Refusal, State};
use std::collections::HashMap;

const NURSE: i64 = 7;

/// Five who have come to session 1, one who is seen, called, passed over, and two who wait, and one who has
/// not come. Returns the tickets and the appointments.
fn morning(desk: &mut Desk) -> (Vec<i64>, Vec<i64>) {
    let now = at("09:00");
    let appointments: Vec<i64> =
        (0..6).map(|number| book(&mut desk.store, 1, FIRST_PATIENT + number)).collect();
    let mut tickets = Vec::new();
    for appointment_id in &appointments[..5] {
        let ticket = desk.act(&now, NURSE, |change, rules| queue::check_in(change, rules, *appointment_id));
        tickets.push(ticket.unwrap().ticket_id);
    }
    desk.act(&now, NURSE, |change, rules| queue::call_next(change, rules, 1, ROOM)).unwrap();
    desk.act(&now, NURSE, |change, _| queue::start(change, tickets[0])).unwrap();
    desk.act(&now, NURSE, |change, rules| queue::call_next(change, rules, 1, "102")).unwrap();
    desk.act(&now, NURSE, |change, rules| queue::call_next(change, rules, 1, "103")).unwrap();
    desk.act(&now, NURSE, |change, rules| queue::skip(change, rules, tickets[2], true)).unwrap();
    (tickets, appointments)
}

fn states(desk: &mut Desk, tickets: &[i64]) -> Vec<State> {
    tickets.iter().map(|ticket_id| desk.state(*ticket_id)).collect()
}

#[test]
fn who_was_not_seen_has_left_without_a_penalty() {
    let mut desk = Desk::new();
    let (tickets, appointments) = morning(&mut desk);
    let now = at("12:00");
    let before = HashMap::from_iter(desk.tickets().iter().map(|ticket| (ticket.ticket_id, ticket.state)));
    desk.act(&now, NURSE, |change, _| booking::close_session(change, 1)).unwrap();
    desk.check(&before, "close");
    let left = State::Left;
    assert_eq!(states(&mut desk, &tickets), [State::Serving, left, left, left, left]);
    let expected = ["in_consultation", "cancelled", "cancelled", "cancelled", "cancelled", "no_show"];
    for (appointment_id, expected) in appointments.iter().zip(expected) {
        let booking = desk.booking(*appointment_id);
        assert_eq!(booking.state.word(), expected);
        let by = (expected == "cancelled").then(|| "system".to_owned());
        assert_eq!(booking.cancelled_by, by);
    }
    let call = desk.act(&now, NURSE, |change, rules| queue::call_next(change, rules, 1, "102"));
    assert_eq!(call.unwrap_err(), Refusal::Booking(booking::Refusal::SessionClosed));
    let undo = desk.act(&now, NURSE, |change, _| queue::undo(change, tickets[0], true));
    assert_eq!(undo.unwrap_err(), Refusal::NothingToUndo, "hours have passed");
    desk.act(&now, NURSE, |change, _| queue::finish(change, tickets[0])).unwrap();
    assert_eq!(desk.booking(appointments[0]).state, booking::State::Completed);
    // Who is seen after the end can be taken back to being seen, and no further.
    desk.act(&now, NURSE, |change, _| queue::undo(change, tickets[0], false)).unwrap();
    assert_eq!(desk.state(tickets[0]), State::Serving);
    desk.act(&now, NURSE, |change, _| queue::finish(change, tickets[0])).unwrap();
}

#[test]
fn a_session_that_is_stopped_calls_nobody() {
    let mut desk = Desk::new();
    let (tickets, appointments) = morning(&mut desk);
    let now = at("09:02");
    desk.act(&now, NURSE, |change, _| booking::stop_session(change, 1, "ill")).unwrap();
    assert_eq!(states(&mut desk, &tickets)[1..], [State::Left; 4]);
    assert_eq!(desk.booking(appointments[5]).state, booking::State::Cancelled);
    let stopped = Refusal::Booking(booking::Refusal::SessionStopped { reason: Some("ill".into()) });
    let call = desk.act(&now, NURSE, |change, rules| queue::call_next(change, rules, 1, "102"));
    assert_eq!(call.unwrap_err(), stopped);
    let undo = desk.act(&now, NURSE, |change, _| queue::undo(change, tickets[0], false));
    assert_eq!(undo.unwrap_err(), stopped);
    let back = desk.act(&now, NURSE, |change, rules| queue::come_back(change, rules, tickets[2]));
    let from_left = Refusal::BadTransition { from: State::Left, to: State::Waiting };
    assert_eq!(back.unwrap_err(), from_left);
    desk.act(&now, NURSE, |change, _| queue::finish(change, tickets[0])).unwrap();
}

#[test]
fn an_appointment_that_is_cancelled_takes_its_ticket_along() {
    let mut desk = Desk::new();
    let (tickets, appointments) = morning(&mut desk);
    let now = at("09:10");
    desk.act(&now, FIRST_PATIENT, |change, _| {
        booking::cancel(change, appointments[3], CancelledBy::Patient, None)
    })
    .unwrap();
    assert_eq!(desk.state(tickets[3]), State::Left);
    assert!(desk.changes.queues.contains(&1));
    let called = desk.act(&now, NURSE, |change, rules| queue::call_next(change, rules, 1, "104")).unwrap();
    assert_eq!(called.ticket_id, tickets[4]);
}

#[test]
fn an_old_client_that_completes_an_appointment_ends_its_ticket() {
    let mut desk = Desk::new();
    let (tickets, appointments) = morning(&mut desk);
    let now = at("09:10");
    for appointment_id in &appointments[..4] {
        let complete = desk
            .act(&now, NURSE, |change, _| booking::set_status(change, *appointment_id, Status::Completed));
        complete.unwrap();
    }
    let done = State::Done;
    assert_eq!(states(&mut desk, &tickets), [done, done, done, done, State::Waiting]);
    let called = desk.act(&now, NURSE, |change, rules| queue::call_next(change, rules, 1, ROOM)).unwrap();
    assert_eq!(called.ticket_id, tickets[4], "the room is free");
}
