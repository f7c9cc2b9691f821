//! What has come of requests: how many of which operation, with what result, and whose were denied.
//!
//! It never knows what an operation is about, and keeps nothing of who asked. Invariant: every operation has its
//! place from the start, so that counting is one addition.

use super::legacy;
use super::methods::METHODS;
use crate::service::access::Role;
use crate::service::login::LoginCounts;
use crate::service::words::words;
use crate::store::Figures;

words! {
    /// What came of a request.
    pub enum Outcome {
        Done = "done",
        /// A rule, a right or a limit says no.
        Refused = "refused",
        /// A fault of ours.
        Failed = "failed",
    }
}

/// Who was denied an operation: one of `Role::ALL`, or nobody who is known.
const ROLES: usize = Role::ALL.len() + 1;

/// What is counted of one operation.
#[derive(Debug, Clone)]
pub struct Counted {
    pub name: &'static str,
    /// Whether it is one of the old dialect.
    pub is_old: bool,
    outcomes: [u64; Outcome::ALL.len()],
    denied: [u64; ROLES],
}

impl Counted {
    fn of(name: &'static str, is_old: bool) -> Counted {
        Counted { name, is_old, outcomes: [0; Outcome::ALL.len()], denied: [0; ROLES] }
    }

    pub fn outcomes(&self) -> impl Iterator<Item = (Outcome, u64)> {
        Outcome::ALL.into_iter().zip(self.outcomes)
    }

    pub fn total(&self) -> u64 {
        self.outcomes.iter().sum()
    }

    /// How often each role was denied it; nobody's is "none".
    pub fn denied(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Role::ALL.into_iter().map(Role::word).chain(["none"]).zip(self.denied)
    }
}

/// A place in the tally.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(usize);

/// Requests that name no operation, behind all those that do.
const NAMELESS: [&str; 4] = ["unreadable", "unknown_method", "not_served", "batch"];

pub struct Tally {
    operations: Vec<Counted>,
    current: Place,
    /// Who asks for it, in the words of the log.
    role: &'static str,
}

impl Tally {
    pub fn new() -> Tally {
        let methods = METHODS.iter().map(|entry| Counted::of(entry.name, false));
        let old = legacy::names().map(|name| Counted::of(name, true));
        let nameless = NAMELESS.into_iter().map(|name| Counted::of(name, false));
        Tally {
            operations: methods.chain(old).chain(nameless).collect(),
            current: Tally::batch(),
            role: "none",
        }
    }

    /// The place of a method, by its line in `METHODS`.
    pub fn method(line: usize) -> Place {
        Place(line)
    }

    /// The place of an operation of the old dialect, by its line.
    pub fn old(line: usize) -> Place {
        Place(METHODS.len() + line)
    }

    pub fn unreadable() -> Place {
        Tally::nameless(0)
    }

    pub fn unknown_method() -> Place {
        Tally::nameless(1)
    }

    pub fn not_served() -> Place {
        Tally::nameless(2)
    }

    /// Each call of a batch is counted by itself; this only names them together.
    pub fn batch() -> Place {
        Tally::nameless(3)
    }

    fn nameless(line: usize) -> Place {
        Place(METHODS.len() + legacy::COUNT + line)
    }

    /// From now on this is the operation at hand.
    pub fn begin(&mut self, place: Place, role: &'static str) {
        (self.current, self.role) = (place, role);
    }

    /// Now it is known who asks for it.
    pub fn asked_by(&mut self, role: Role) {
        self.role = role.word();
    }

    /// The operation at hand, and who asks for it.
    pub fn at_hand(&self) -> (&'static str, &'static str) {
        (self.operations.get(self.current.0).map_or("", |operation| operation.name), self.role)
    }

    pub fn end(&mut self, outcome: Outcome) {
        if let Some(count) = self
            .operations
            .get_mut(self.current.0)
            .and_then(|operation| operation.outcomes.get_mut(outcome as usize))
        {
            *count += 1;
        }
    }

    pub fn deny(&mut self, role: Option<Role>) {
        let place = role.map_or(Role::ALL.len(), |role| role as usize);
        if let Some(count) =
            self.operations.get_mut(self.current.0).and_then(|operation| operation.denied.get_mut(place))
        {
            *count += 1;
        }
    }

    pub fn operations(&self) -> &[Counted] {
        &self.operations
    }
}

/// How the dispatcher stands.
pub struct Standing {
    pub store: Figures,
    pub logins: LoginCounts,
    /// Requests that wait for a password to be derived.
    pub waiting: usize,
    /// Connections on which someone has logged in.
    pub logged_in: usize,
    /// The trail's last entry, where it could be read, and the one that was anchored last, with the time.
    pub audit_sequence: Option<i64>,
    pub anchored_sequence: i64,
    pub anchored_ms: Option<i64>,
    /// Why the trail could not be anchored, where the last attempt failed.
    pub anchoring_failed: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_its_name() {
        let mut tally = Tally::new();
        let last_method = METHODS.len() - 1;
        for (place, name) in [
            (Tally::method(0), METHODS[0].name),
            (Tally::method(last_method), METHODS[last_method].name),
            (Tally::old(0), "reset_password"),
            (Tally::old(legacy::COUNT - 1), "insert"),
            (Tally::unreadable(), "unreadable"),
            (Tally::unknown_method(), "unknown_method"),
            (Tally::not_served(), "not_served"),
            (Tally::batch(), "batch"),
        ] {
            tally.begin(place, "none");
            assert_eq!(tally.at_hand(), (name, "none"));
            tally.end(Outcome::Refused);
            tally.deny(Some(Role::Admin));
            tally.deny(None);
        }
        let counted = tally.operations().last().unwrap();
        assert_eq!(counted.outcomes().collect::<Vec<_>>()[1], (Outcome::Refused, 1));
        let denied: Vec<_> = counted.denied().filter(|(_, count)| *count > 0).collect();
        assert_eq!(denied, [("admin", 1), ("none", 1)]);
    }
}
