//! Requests that wait for a password to be derived, one derivation at a time, in the order in which they came.
//!
//! It never knows what a request is about. Invariants: a session waits for one derivation at the most; no more
//! than `max` sessions wait; what a session that is gone has waited for is dropped.

use crate::service::credential::{Derivation, Derived, Recipe};
use crate::session::SessionId;
use std::collections::{HashMap, VecDeque};

/// As many wait as may.
#[derive(Debug, PartialEq, Eq)]
pub struct Full;

pub struct Waiting {
    max: usize,
    queue: VecDeque<(SessionId, Derivation)>,
    /// What has been derived for a request that is not answered yet.
    derived: HashMap<SessionId, Vec<Derived>>,
    woken: VecDeque<SessionId>,
}

impl Waiting {
    pub fn new(max: usize) -> Waiting {
        Waiting { max, queue: VecDeque::new(), derived: HashMap::new(), woken: VecDeque::new() }
    }

    pub fn start(&mut self, session: SessionId, recipe: Recipe) -> Result<(), Full> {
        if self.queue.len() >= self.max {
            return Err(Full);
        }
        self.queue.push_back((session, Derivation::begin(recipe)));
        Ok(())
    }

    /// Goes on with the derivation that has waited longest.
    pub fn step(&mut self, iterations: u32) {
        let Some((session, derivation)) = self.queue.front_mut() else { return };
        let Some(derived) = derivation.step(iterations) else { return };
        let session = *session;
        self.queue.pop_front();
        self.derived.entry(session).or_default().push(derived);
        self.woken.push_back(session);
    }

    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// The next session whose request is to be asked again.
    pub fn woken(&mut self) -> Option<SessionId> {
        self.woken.pop_front()
    }

    /// Takes what has been derived for a session's request.
    pub fn take(&mut self, session: SessionId) -> Vec<Derived> {
        if self.derived.is_empty() { Vec::new() } else { self.derived.remove(&session).unwrap_or_default() }
    }

    /// Keeps what has been derived for a request that waits for more.
    pub fn keep(&mut self, session: SessionId, derived: Vec<Derived>) {
        if !derived.is_empty() {
            self.derived.insert(session, derived);
        }
    }

    pub fn closed(&mut self, session: SessionId) {
        self.queue.retain(|(waiting, _)| *waiting != session);
        self.derived.remove(&session);
    }
}
