//! The slow log: what took long, and where its time has gone.
//!
//! It never has a value that a peer sent. Invariants: the parts of a request add up to its whole; however many are
//! slow at a time, no more than `LINES_PER_SECOND` are written, and how many were left out is said.

use super::meter::Served;
use crate::net::Turn;
use log::warn;
use std::time::{Duration, Instant};

/// When the disk is slow, all requests are.
const LINES_PER_SECOND: u32 = 10;
const SECOND: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct SlowLog {
    /// How many were slow since the start.
    pub total: u64,
    /// When the second began in which so many lines were written.
    second: Option<Instant>,
    lines: u32,
    left_out: u64,
}

/// Where the time of a request has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Split {
    whole: Duration,
    /// Until it was looked at, and until the others of its turn had been.
    queue: Duration,
    /// Reading it, looking who may, and writing the reply.
    parse: Duration,
    database: Duration,
    commit: Duration,
    flush: Duration,
}

impl Split {
    fn of(served: &Served, commit: (Instant, Instant), turn: &Turn) -> Split {
        let whole = turn.flushed.saturating_duration_since(served.since);
        let handled = served.ended.saturating_duration_since(served.begun);
        let database = served.database.min(handled);
        let (began, ended) = commit;
        let (commit, flush) =
            (ended.saturating_duration_since(began), turn.flushed.saturating_duration_since(ended));
        let queue = whole.saturating_sub(handled).saturating_sub(commit).saturating_sub(flush);
        Split { whole, queue, parse: handled - database, database, commit, flush }
    }
}

impl SlowLog {
    pub(super) fn note(&mut self, served: &Served, commit: (Instant, Instant), turn: &Turn) {
        self.total += 1;
        if self.second.is_none_or(|second| turn.flushed.saturating_duration_since(second) >= SECOND) {
            self.second = Some(turn.flushed);
            self.lines = 0;
            if self.left_out > 0 {
                warn!("slow: {} more requests were, in a second that had many", self.left_out);
                self.left_out = 0;
            }
        }
        if self.lines >= LINES_PER_SECOND {
            self.left_out += 1;
            return;
        }
        self.lines += 1;
        let Split { whole, queue, parse, database, commit, flush } = Split::of(served, commit, turn);
        let Served { operation, role, session, .. } = served;
        let [whole, queue, parse, database, commit, flush] =
            [whole, queue, parse, database, commit, flush].map(|part| part.as_secs_f64() * 1000.0);
        warn!(
            "slow: {operation} took {whole:.1} ms: queue {queue:.1}, parse {parse:.1}, database {database:.1}, \
             commit {commit:.1}, flush {flush:.1}; {} from {}, {role}",
            session.id, session.address
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Session, SessionIds};

    fn served(start: Instant) -> Served {
        let at = |ms: u64| start + Duration::from_millis(ms);
        let session = Session { id: SessionIds::default().give(), address: [127, 0, 0, 1].into() };
        let database = Duration::from_millis(5);
        let (operation, role) = ("appointment.book", "clerk");
        Served { operation, role, session, since: at(0), begun: at(10), ended: at(17), database }
    }

    #[test]
    fn the_parts_add_up_to_the_whole() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let turn = Turn { began: at(1), flushed: at(100) };
        let split = Split::of(&served(start), (at(20), at(90)), &turn);
        let ms = Duration::from_millis;
        let Split { whole, queue, parse, database, commit, flush } = split;
        assert_eq!(
            [whole, queue, parse, database, commit, flush],
            [ms(100), ms(13), ms(2), ms(5), ms(70), ms(10)]
        );
    }

    #[test]
    fn many_at_a_time_are_counted_but_not_all_told() {
        let start = Instant::now();
        let turn = |ms: u64| Turn { began: start, flushed: start + Duration::from_millis(ms) };
        let mut slow = SlowLog::default();
        for _ in 0..25 {
            slow.note(&served(start), (start, start), &turn(500));
        }
        assert_eq!((slow.total, slow.lines, slow.left_out), (25, LINES_PER_SECOND, 15));
        slow.note(&served(start), (start, start), &turn(1500));
        assert_eq!((slow.total, slow.lines, slow.left_out), (26, 1, 0));
    }
}
