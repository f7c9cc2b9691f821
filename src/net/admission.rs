//! Who gets in: how many connections are served, in all and from each address.
//!
//! It never knows a socket. Invariant: each connection that was counted in is counted out once, when it is
//! swept.

use super::handler::{Door, Refusal};
use super::{ASIDE_MAX, Limits, REFUSALS_HELD_MAX};
use std::collections::HashMap;
use std::net::IpAddr;

/// What becomes of a connection that has just been accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admittance {
    Served,
    /// It is held just long enough to be told why.
    Refused(Refusal),
    /// Too many are being told already.
    Dropped,
}

#[derive(Debug, Default)]
pub(super) struct Admission {
    served: usize,
    refused: usize,
    /// Those who came in through the other doors.
    admin: usize,
    metrics: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl Admission {
    /// How many clients are served.
    pub(super) fn served(&self) -> usize {
        self.served
    }

    /// As `admit`, at any door.
    pub(super) fn admit_at(&mut self, door: Door, address: IpAddr, limits: &Limits) -> Admittance {
        let Some(count) = self.aside(door) else { return self.admit(address, limits) };
        if *count >= ASIDE_MAX {
            return Admittance::Dropped;
        }
        *count += 1;
        Admittance::Served
    }

    /// As `leave`, at any door.
    pub(super) fn leave_at(&mut self, door: Door, address: IpAddr, was_served: bool) {
        match self.aside(door) {
            Some(count) => *count -= 1,
            None => self.leave(address, was_served),
        }
    }

    /// The places of a door that is not the clients'.
    fn aside(&mut self, door: Door) -> Option<&mut usize> {
        match door {
            Door::Clients => None,
            Door::Admin => Some(&mut self.admin),
            Door::Metrics => Some(&mut self.metrics),
        }
    }

    /// Decides about a connection from `address`, and counts it in unless it is dropped.
    fn admit(&mut self, address: IpAddr, limits: &Limits) -> Admittance {
        let from_address = self.by_address.get(&address).copied().unwrap_or(0);
        let refusal = if self.served >= limits.connections_max {
            Refusal::TooManyConnections
        } else if !address.is_loopback() && from_address >= limits.connections_per_address_max {
            Refusal::TooManyFromAddress
        } else {
            self.served += 1;
            *self.by_address.entry(address).or_default() += 1;
            return Admittance::Served;
        };
        if self.refused >= REFUSALS_HELD_MAX {
            return Admittance::Dropped;
        }
        self.refused += 1;
        Admittance::Refused(refusal)
    }

    /// Counts out a connection that was served, or one that was held to be told why not.
    fn leave(&mut self, address: IpAddr, was_served: bool) {
        if !was_served {
            self.refused -= 1;
            return;
        }
        self.served -= 1;
        if let Some(count) = self.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_leave_the_places_of_the_other_doors_alone() {
        let limits = Limits { connections_max: 1, ..Limits::default() };
        let here = IpAddr::from([127, 0, 0, 1]);
        let mut admission = Admission::default();
        assert_eq!(admission.admit_at(Door::Clients, here, &limits), Admittance::Served);
        for door in [Door::Admin, Door::Metrics] {
            for _ in 0..ASIDE_MAX {
                assert_eq!(admission.admit_at(door, here, &limits), Admittance::Served);
            }
            assert_eq!(admission.admit_at(door, here, &limits), Admittance::Dropped);
            admission.leave_at(door, here, true);
            assert_eq!(admission.admit_at(door, here, &limits), Admittance::Served);
        }
        assert_eq!(admission.served(), 1);
    }

    #[test]
    fn places_are_limited_in_all_and_by_address_and_come_free_again() {
        let limits = Limits { connections_max: 3, connections_per_address_max: 2, ..Limits::default() };
        let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let mut admission = Admission::default();
        assert_eq!(admission.admit(one, &limits), Admittance::Served);
        assert_eq!(admission.admit(one, &limits), Admittance::Served);
        assert_eq!(admission.admit(one, &limits), Admittance::Refused(Refusal::TooManyFromAddress));
        assert_eq!(admission.admit(other, &limits), Admittance::Served);
        assert_eq!(admission.admit(other, &limits), Admittance::Refused(Refusal::TooManyConnections));
        admission.leave(one, true);
        assert_eq!(admission.admit(one, &limits), Admittance::Served);
        admission.leave(one, false);
        admission.leave(other, false);
        for _ in 0..REFUSALS_HELD_MAX {
            assert_eq!(admission.admit(other, &limits), Admittance::Refused(Refusal::TooManyConnections));
        }
        assert_eq!(admission.admit(other, &limits), Admittance::Dropped);
    }

    #[test]
    fn loopback_is_not_counted_by_address() {
        let limits = Limits { connections_per_address_max: 1, ..Limits::default() };
        let mut admission = Admission::default();
        for _ in 0..10 {
            assert_eq!(admission.admit(IpAddr::from([127, 0, 0, 1]), &limits), Admittance::Served);
        }
    }
}
