//! Owns which requests want to be sent now: always one more in a closed loop, those that are due in an open.
//!
//! It never knows a connection. Invariant: at most `QUEUE_MAX` due requests wait; what comes on top of them
//! is told to the caller as lost, with the time at which it was due.

use crate::plan::{Mode, QUEUE_MAX};
use crate::schedule::Schedule;
use std::collections::VecDeque;

pub(crate) enum Arrivals {
    /// A request whenever a connection has room, until the end.
    Closed { end_ns: u64 },
    /// Requests by a schedule, and those of them that wait for a connection.
    Open { schedule: Schedule, queue: VecDeque<u64> },
}

impl Arrivals {
    pub(crate) fn new(mode: Mode, end_ns: u64) -> Arrivals {
        match mode {
            Mode::Closed => Arrivals::Closed { end_ns },
            Mode::Open { rate } => {
                let queue = VecDeque::with_capacity(QUEUE_MAX);
                Arrivals::Open { schedule: Schedule::new(rate, end_ns), queue }
            }
        }
    }

    /// Puts what is due by now into the queue, and tells `lost` of what does not fit.
    pub(crate) fn gather(&mut self, now_ns: u64, mut lost: impl FnMut(u64)) {
        let Arrivals::Open { schedule, queue } = self else { return };
        while let Some(due_ns) = schedule.take(now_ns) {
            if queue.len() < QUEUE_MAX {
                queue.push_back(due_ns);
            } else {
                lost(due_ns);
            }
        }
    }

    /// From when the latency of the next request counts, if one wants to be sent.
    pub(crate) fn next(&mut self, now_ns: u64) -> Option<u64> {
        match self {
            Arrivals::Closed { end_ns } => (now_ns < *end_ns).then_some(now_ns),
            Arrivals::Open { queue, .. } => queue.pop_front(),
        }
    }

    /// How many requests a connection with `room` for them takes at once, while `free` connections have
    /// room: in an open loop they share what waits.
    pub(crate) fn share(&self, room: usize, free: usize) -> usize {
        match self {
            Arrivals::Closed { .. } => room,
            Arrivals::Open { queue, .. } => (queue.len() / free.max(1)).clamp(1, room.max(1)),
        }
    }

    /// Whether due requests wait for a connection.
    pub(crate) fn has_queue(&self) -> bool {
        matches!(self, Arrivals::Open { queue, .. } if !queue.is_empty())
    }

    /// When the next request is due, where a time decides.
    pub(crate) fn next_due_ns(&self) -> Option<u64> {
        match self {
            Arrivals::Closed { .. } => None,
            Arrivals::Open { schedule, .. } => schedule.next_ns(),
        }
    }

    /// Empties the queue at the end of a run, and tells `lost` of each request that was in it.
    pub(crate) fn give_up(&mut self, lost: impl FnMut(u64)) {
        if let Arrivals::Open { queue, .. } = self {
            queue.drain(..).for_each(lost);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_loop_always_wants_one_more_until_its_end() {
        let mut arrivals = Arrivals::new(Mode::Closed, 100);
        assert_eq!((arrivals.next(0), arrivals.next(99), arrivals.next(100)), (Some(0), Some(99), None));
        assert_eq!(arrivals.share(16, 3), 16);
    }

    #[test]
    fn an_open_loop_queues_what_is_due_and_loses_what_does_not_fit() {
        let mut arrivals = Arrivals::new(Mode::Open { rate: 100_000 }, 1_000_000_000);
        let mut lost = Vec::new();
        arrivals.gather(35_000, |due_ns| lost.push(due_ns));
        assert_eq!(arrivals.share(16, 2), 2);
        assert_eq!((arrivals.next(40_000), arrivals.next_due_ns()), (Some(0), Some(40_000)));
        arrivals.gather(u64::MAX, |due_ns| lost.push(due_ns));
        assert_eq!(lost.len(), 100_000 - 1 - QUEUE_MAX);
        assert_eq!(arrivals.next_due_ns(), None);
        let mut given_up = 0;
        arrivals.give_up(|_| given_up += 1);
        assert_eq!((given_up, arrivals.next(0)), (QUEUE_MAX, None));
    }
}
