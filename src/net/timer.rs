//! Deadlines of connections, soonest first.
//!
//! It never reads the clock and never knows what a deadline is for. Invariant: a connection whose deadline
//! moves later is not looked for; its entry comes up early, and the owner of the connection sets it anew.

use crate::session::SessionId;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// A slab key and the identity that the slot had, so that an entry never speaks of a later tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Due {
    pub(super) key: usize,
    pub(super) session: SessionId,
}

#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, Due)>>,
}

impl Timers {
    pub(super) fn set(&mut self, at: Instant, due: Due) {
        self.heap.push(Reverse((at, due)));
    }

    /// When the next entry comes up.
    pub(super) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes the next entry that is due.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Due> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse((_, due))| due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn entries_come_up_in_order_and_not_before_their_time() {
        let start = Instant::now();
        let mut ids = crate::session::SessionIds::default();
        let (early, late) = (Due { key: 1, session: ids.give() }, Due { key: 2, session: ids.give() });
        let mut timers = Timers::default();
        timers.set(start + Duration::from_secs(2), late);
        timers.set(start + Duration::from_secs(1), early);
        assert_eq!(timers.next(), Some(start + Duration::from_secs(1)));
        assert_eq!(timers.pop(start), None);
        assert_eq!(timers.pop(start + Duration::from_secs(1)), Some(early));
        assert_eq!(timers.pop(start + Duration::from_secs(1)), None);
        assert_eq!(timers.pop(start + Duration::from_secs(9)), Some(late));
        assert_eq!(timers.next(), None);
    }
}
