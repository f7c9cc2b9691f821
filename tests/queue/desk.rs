//! The services of a queue without methods, and what must hold of a queue at any time.
//!
//! It never knows which step comes next. Invariant: a step that is refused or fails is undone as a whole, as
//! the dispatcher does it.

use super::clinic::fill;
use medsrv::service::booking::{self, Booking, Change};
use medsrv::service::changes::Changes;
use medsrv::service::memory::Memory;
use medsrv::service::queue::{self, QueueRules, State, Ticket};
use medsrv::service::time::Now;
use medsrv::service::{ClinicRules, Failure};
use medsrv::store::{Commit, Store};
use std::collections::{HashMap, HashSet};

pub const SESSIONS: [i64; 2] = [1, 2];

pub struct Desk {
    pub store: Store,
    memory: Memory,
    rules: ClinicRules,
    /// What the last step has named.
    pub changes: Changes,
}

impl Desk {
    pub fn new() -> Desk {
        let mut store = Store::open_in_memory().unwrap();
        fill(&mut store);
        Desk { store, memory: Memory::default(), rules: ClinicRules::default(), changes: Changes::default() }
    }

    pub fn act<T, R: std::fmt::Debug>(
        &mut self,
        now: &Now,
        by: i64,
        work: impl FnOnce(&mut Change<'_, '_>, &QueueRules) -> Result<T, Failure<R>>,
    ) -> Result<T, R> {
        let Desk { store, memory, rules, changes } = self;
        *changes = Changes::default();
        let outcome = store.write(|transaction| {
            let rules_of_booking = &rules.booking;
            let mut change =
                Change { transaction, rules: rules_of_booking, memory, changes, now, by: Some(by) };
            work(&mut change, &rules.queue)
        });
        assert_eq!(store.commit(), Commit::Durable);
        outcome.map_err(|failure| match failure {
            Failure::Refused(refusal) => refusal,
            Failure::Fault(fault) => panic!("{fault}"),
        })
    }

    pub fn tickets(&mut self) -> Vec<Ticket> {
        let mut found = Vec::new();
        let view = self.store.read().unwrap();
        for session_id in SESSIONS {
            queue::list(&view, session_id, false, 0, i64::MAX, |ticket| found.push(ticket)).unwrap();
        }
        found
    }

    pub fn booking(&mut self, appointment_id: i64) -> Booking {
        booking::by_id(&self.store.read().unwrap(), appointment_id).unwrap().unwrap()
    }

    pub fn state(&mut self, ticket_id: i64) -> State {
        queue::by_id(&self.store.read().unwrap(), ticket_id).unwrap().unwrap().state
    }

    /// Holds the tickets against what they were, and against each other.
    pub fn check(&mut self, before: &HashMap<i64, State>, said: &str) -> HashMap<i64, State> {
        let tickets = self.tickets();
        let mut numbers = HashSet::new();
        let mut in_rooms = HashSet::new();
        for ticket in &tickets {
            let (state, room) = (ticket.state, ticket.room.clone());
            assert!(numbers.insert((ticket.session_id, ticket.number)), "{said}: {ticket:?}");
            if matches!(state, State::Called | State::Serving) {
                assert!(in_rooms.insert((room.unwrap(), state)), "{said}: {ticket:?}");
            }
            match before.get(&ticket.ticket_id) {
                None => assert_eq!(state, State::Waiting, "{said}"),
                Some(was) => assert!(
                    *was == state || was.next().contains(&state) || was.before() == Some(state),
                    "{said}: from {was:?} to {ticket:?}"
                ),
            }
            let booking = self.booking(ticket.appointment_id);
            assert_eq!(booking.state, state.of_appointment(), "{said}: {ticket:?}");
            let is_changed = before.get(&ticket.ticket_id) != Some(&state);
            if is_changed {
                assert!(self.changes.queues.contains(&ticket.session_id), "{said}: nobody is told");
                assert!(self.changes.appointments.contains(&ticket.appointment_id), "{said}: nobody is told");
            }
        }
        for session_id in SESSIONS {
            let of_session = tickets.iter().filter(|ticket| ticket.session_id == session_id);
            let highest = of_session.clone().map(|ticket| ticket.number).max().unwrap_or(0);
            assert_eq!(highest, i64::try_from(of_session.count()).unwrap(), "{said}: a number is missing");
        }
        tickets.iter().map(|ticket| (ticket.ticket_id, ticket.state)).collect()
    }
}
