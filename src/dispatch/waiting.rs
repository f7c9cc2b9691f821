//! Requests that wait for a password to be derived, one derivation at a time, in the order in which they came.
//!
//! It never knows what a request is about. Invariants: a session waits for one derivation at the most; no more
//! than may sessions wait, and of one address no more than its share; what a session that is gone has waited
//! for is dropped.

use crate::service::credential::{Derivation, Derived, Recipe};
use crate::service::throttle::network_of;
use crate::session::SessionId;
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

/// One address holds at most this part of the places, so that nobody keeps everyone else from logging in.
const SHARE: usize = 4;

/// As many wait as may, of all or of one address.
#[derive(Debug, PartialEq, Eq)]
pub struct Full;

#[derive(Default)]
pub struct Waiting {
    queue: VecDeque<Place>,
    /// What has been derived for a request that is not answered yet.
    derived: HashMap<SessionId, Vec<Derived>>,
    woken: VecDeque<SessionId>,
}

struct Place {
    session: SessionId,
    address: IpAddr,
    derivation: Derivation,
}

impl Waiting {
    /// Lets a session wait, if fewer than `max` do.
    pub fn start(
        &mut self,
        session: SessionId,
        address: IpAddr,
        recipe: Recipe,
        max: usize,
    ) -> Result<(), Full> {
        let address = network_of(address);
        if self.queue.len() >= max || self.is_share_full(address, max) {
            return Err(Full);
        }
        self.queue.push_back(Place { session, address, derivation: Derivation::begin(recipe) });
        Ok(())
    }

    /// Whether an address has its share of the places. This machine itself may have them all: behind it may be
    /// everyone.
    fn is_share_full(&self, address: IpAddr, max: usize) -> bool {
        let share = max.div_ceil(SHARE);
        !address.is_loopback() && self.queue.iter().filter(|place| place.address == address).count() >= share
    }

    /// Goes on with the derivation that has waited longest.
    pub fn step(&mut self, iterations: u32) {
        let Some(Place { session, derivation, .. }) = self.queue.front_mut() else { return };
        let Some(derived) = derivation.step(iterations) else { return };
        let session = *session;
        self.queue.pop_front();
        self.derived.entry(session).or_default().push(derived);
        self.woken.push_back(session);
    }

    /// Gives what was derived to all who wait for the same, as clients do that log in again for each request. Only what
    /// has let someone in is shared, or the time of a refusal would tell whether there is such a name.
    pub fn share(&mut self, derived: &Derived) {
        let Waiting { queue, derived: kept, woken } = self;
        queue.retain(|place| {
            let is_same = place.derivation.comes_to(derived);
            if is_same {
                kept.entry(place.session).or_default().push(derived.clone());
                woken.push_back(place.session);
            }
            !is_same
        });
    }

    pub fn len(&self) -> usize {
        self.queue.len()
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
        self.queue.retain(|place| place.session != session);
        self.derived.remove(&session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::SessionIds;

    #[test]
    fn what_was_derived_is_shared_with_those_who_wait_for_the_same() {
        let mut ids = SessionIds::default();
        let address = "192.0.2.1".parse().unwrap();
        let row = |password: &str| {
            let mut derivation = Derivation::begin(Recipe::new(password, 1).unwrap());
            derivation.step(0).unwrap().phc()
        };
        let (one, other) = (row("p"), row("p"));
        let mut waiting = Waiting::default();
        let sessions: Vec<_> = [(&one, "p"), (&one, "p"), (&one, "q"), (&other, "p"), (&one, "p")]
            .map(|(stored, password)| {
                let session = ids.give();
                let recipe = Recipe::for_stored(stored, password).unwrap();
                waiting.start(session, address, recipe, 100).unwrap();
                session
            })
            .into();
        let decoy = ids.give();
        waiting.start(decoy, address, Recipe::decoy("p", 1), 100).unwrap();
        waiting.step(1);
        let derived = waiting.take(sessions[0]);
        waiting.share(&derived[0]);
        let woken: Vec<_> = std::iter::from_fn(|| waiting.woken()).collect();
        assert_eq!(woken, [sessions[0], sessions[1], sessions[4]]);
        assert!(waiting.take(sessions[4]).iter().all(|derived| derived.matches(&one)));
        assert_eq!(waiting.len(), 3);
    }

    #[test]
    fn one_address_holds_a_quarter_of_the_places_and_this_machine_all() {
        let mut ids = SessionIds::default();
        let mut start = |waiting: &mut Waiting, address: &str, max: usize| {
            let session = ids.give();
            let recipe = Recipe::new("p", 1).unwrap();
            waiting.start(session, address.parse().unwrap(), recipe, max).map(|()| session)
        };
        let mut waiting = Waiting::default();
        for (address, expected) in [
            ("192.0.2.1", true),
            ("192.0.2.1", true),
            ("192.0.2.1", false),
            ("192.0.2.2", true),
            ("2001:db8::1", true),
            ("2001:db8::2", true),
            ("2001:db8::3", false),
            ("127.0.0.1", true),
            ("127.0.0.1", true),
            ("::1", true),
            ("127.0.0.1", false),
            ("192.0.2.3", false),
        ] {
            assert_eq!(start(&mut waiting, address, 8).is_ok(), expected, "{address}");
        }
        // The first is derived, and the second is gone: each gives a place back.
        waiting.step(1);
        assert!(start(&mut waiting, "192.0.2.1", 8).is_ok());
        let mut waiting = Waiting::default();
        let first = start(&mut waiting, "192.0.2.1", 4).unwrap();
        assert_eq!(start(&mut waiting, "192.0.2.1", 4), Err(Full));
        waiting.closed(first);
        assert!(start(&mut waiting, "192.0.2.1", 4).is_ok());
        assert!(start(&mut Waiting::default(), "192.0.2.1", 1).is_ok(), "nobody is left out");
    }
}
