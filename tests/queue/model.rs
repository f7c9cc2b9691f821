//! Random steps in random order: whatever comes, a queue stays whole.

use super::clinic::{FIRST_PATIENT, PATIENTS, at, book};
use super::desk::{Desk, SESSIONS};
use medsrv::service::booking::{self, CancelledBy, State as BookingState};
use medsrv::service::queue::{self, NewAddOn, NewFollowUp, NewWalkIn, Refusal, State, Ticket};
use std::collections::HashMap;

const SEEDS: u64 = 24;
const STEPS: usize = 250;
const ROOMS: [&str; 3] = ["1", "2", "3"];
const STAFF: [i64; 2] = [7, 8];

/// Numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }

    fn of<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())]
    }
}

/// When a ticket moved last, as far as its moments tell.
fn moment(ticket: &Ticket) -> i64 {
    let later = [ticket.called_ms, ticket.started_ms, ticket.finished_ms];
    later.into_iter().flatten().fold(ticket.checked_in_ms, i64::max)
}

/// One random step. Returns what it was, and whether it was carried out.
fn step(desk: &mut Desk, dice: &mut Dice, appointments: &mut Vec<i64>, minute: i64) -> (String, bool) {
    let now = at(&format!("{:02}:{:02}", 8 + minute / 60, minute % 60));
    let tickets = desk.tickets();
    let by = dice.of(&STAFF);
    let session_id = dice.of(&SESSIONS);
    let patient_id = FIRST_PATIENT + i64::try_from(dice.below(PATIENTS as usize)).unwrap();
    let appointment_id = if appointments.is_empty() { 1 } else { dice.of(appointments) };
    // Every other time the one that moved last: else few would go the long ways.
    let last = tickets.iter().max_by_key(|ticket| (moment(ticket), ticket.ticket_id));
    let ticket_id = match last {
        None => 1,
        Some(last) if dice.below(2) == 0 => last.ticket_id,
        Some(_) => tickets[dice.below(tickets.len())].ticket_id,
    };
    let (room, flag) = (dice.of(&ROOMS), dice.below(2) == 0);
    let priority = i64::try_from(dice.below(3)).unwrap();
    let kind = dice.below(56);
    let outcome: Result<Option<Ticket>, Refusal> = match kind {
        0..=7 => desk.act(&now, by, |change, rules| queue::check_in(change, rules, appointment_id).map(Some)),
        8..=9 => desk.act(&now, by, |change, _| {
            let new = NewWalkIn { session_id, patient_id, fee_fen: None, is_paid: true };
            queue::walk_in(change, &new).map(Some)
        }),
        10..=16 => {
            desk.act(&now, by, |change, rules| queue::call_next(change, rules, session_id, room).map(Some))
        }
        17..=21 => desk.act(&now, by, |change, _| queue::start(change, ticket_id).map(Some)),
        22..=25 | 40..=43 => desk.act(&now, by, |change, _| queue::finish(change, ticket_id).map(Some)),
        26..=28 | 44..=47 => {
            desk.act(&now, by, |change, rules| queue::skip(change, rules, ticket_id, flag).map(Some))
        }
        29..=31 | 48..=51 => {
            desk.act(&now, by, |change, rules| queue::come_back(change, rules, ticket_id).map(Some))
        }
        32 => desk.act(&now, by, |change, _| queue::recall(change, ticket_id).map(Some)),
        33 => desk.act(&now, by, |change, _| queue::set_priority(change, ticket_id, priority).map(Some)),
        34 => desk.act(&now, by, |change, _| queue::leave(change, ticket_id, CancelledBy::Staff).map(Some)),
        35..=36 | 52..=55 => desk.act(&now, by, |change, _| queue::undo(change, ticket_id, flag).map(Some)),
        37 => desk.act(&now, by, |change, _| {
            queue::follow_up(change, &NewFollowUp { origin_id: appointment_id }).map(Some)
        }),
        38 => desk
            .act(&now, by, |change, _| {
                let new = NewAddOn { session_id, patient_id, fee_fen: None, reason: "asked".into() };
                queue::add_on(change, new)
            })
            .map(|added| {
                appointments.push(added.placed.appointment_id);
                None
            }),
        _ => desk
            .act(&now, by, |change, _| booking::cancel(change, appointment_id, CancelledBy::Staff, None))
            .map(|_| None)
            .map_err(Refusal::Booking),
    };
    check_call(&tickets, kind, session_id, room, &outcome);
    let said = format!("minute {minute}: {kind} of {ticket_id} or {appointment_id}: {outcome:?}");
    if let Ok(Some(ticket)) = &outcome
        && !appointments.contains(&ticket.appointment_id)
    {
        appointments.push(ticket.appointment_id);
    }
    (said, outcome.is_ok())
}

/// Whoever was called had waited, and nobody with a higher priority did; it is refused for its reasons only.
fn check_call(
    before: &[Ticket],
    kind: usize,
    session_id: i64,
    room: &str,
    outcome: &Result<Option<Ticket>, Refusal>,
) {
    if !(10..=16).contains(&kind) {
        return;
    }
    let waiting =
        || before.iter().filter(|ticket| ticket.session_id == session_id && ticket.state == State::Waiting);
    let is_busy = before.iter().any(|ticket| {
        ticket.room.as_deref() == Some(room) && matches!(ticket.state, State::Called | State::Serving)
    });
    match outcome {
        Ok(called) => {
            let called = called.as_ref().unwrap();
            assert!(!is_busy && called.state == State::Called && called.room.as_deref() == Some(room));
            let was = waiting().find(|ticket| ticket.ticket_id == called.ticket_id).unwrap();
            assert!(waiting().all(|other| other.priority <= was.priority));
        }
        Err(Refusal::RoomBusy { .. }) => assert!(is_busy),
        Err(Refusal::QueueEmpty) => assert_eq!(waiting().count(), 0),
        Err(refusal) => panic!("{refusal:?}"),
    }
}

#[test]
fn whatever_comes_a_queue_stays_whole() {
    let mut carried_out = 0;
    for seed in 1..=SEEDS {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut desk = Desk::new();
        let mut appointments: Vec<i64> =
            (0..12).map(|number| book(&mut desk.store, 1 + number % 2, FIRST_PATIENT + number)).collect();
        let mut before = HashMap::new();
        for number in 0..STEPS {
            let minute = i64::try_from(number).unwrap() * 240 / i64::try_from(STEPS).unwrap();
            let (said, is_done) = step(&mut desk, &mut dice, &mut appointments, minute);
            before = desk.check(&before, &format!("seed {seed}, {said}"));
            carried_out += usize::from(is_done);
        }
        close(&mut desk, &mut before, &appointments, seed);
    }
    // Most are refused, but the walk must get somewhere.
    assert!(carried_out > SEEDS as usize * STEPS / 10, "{carried_out}");
}

/// Whatever state they are in, sessions can be closed, and whoever is seen can be finished.
fn close(desk: &mut Desk, before: &mut HashMap<i64, State>, appointments: &[i64], seed: u64) {
    let now = at("12:00");
    for session_id in SESSIONS {
        desk.act(&now, STAFF[0], |change, _| booking::close_session(change, session_id)).unwrap();
        *before = desk.check(before, &format!("seed {seed}, closing {session_id}"));
    }
    for ticket in desk.tickets() {
        if ticket.state == State::Serving {
            desk.act(&now, STAFF[0], |change, _| queue::finish(change, ticket.ticket_id)).unwrap();
            *before = desk.check(before, &format!("seed {seed}, finishing"));
        }
    }
    for ticket in desk.tickets() {
        assert!(matches!(ticket.state, State::Done | State::Left), "seed {seed}: {ticket:?}");
    }
    for appointment_id in appointments {
        let state = desk.booking(*appointment_id).state;
        assert!(!state.is_active() || state == BookingState::InConsultation, "seed {seed}: {state:?}");
    }
}
