//! How long requests, turns and commits take, and where the time of a request goes.
//!
//! It never knows what a request is about, and keeps nothing that a peer sent. Invariant: a request is counted once,
//! when its reply has left; counting allocates nothing once a turn has been as long as any will be.

use super::slow::SlowLog;
use crate::net::Turn;
use crate::ops::measure::{COUNT_BOUNDS, DURATION_BOUNDS, Histogram, Recent};
use crate::session::Session;
use std::time::{Duration, Instant};

/// A request whose reply has not left yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Served {
    pub operation: &'static str,
    /// Who has asked, as far as it is known.
    pub role: &'static str,
    pub session: Session,
    /// When the last of it was received.
    pub since: Instant,
    pub begun: Instant,
    pub ended: Instant,
    /// The part of that in which the database was at work.
    pub database: Duration,
}

pub(super) struct Meter {
    served: Vec<Served>,
    /// When this turn's commit began and ended.
    commit: Option<(Instant, Instant)>,
    pub requests: Histogram,
    pub turns: Histogram,
    pub turn_requests: Histogram,
    pub commits: Histogram,
    pub recent_requests: Recent,
    pub recent_commits: Recent,
    pub slow: SlowLog,
}

impl Meter {
    pub(super) fn new(now: Instant) -> Meter {
        Meter {
            served: Vec::new(),
            commit: None,
            requests: Histogram::of(DURATION_BOUNDS),
            turns: Histogram::of(DURATION_BOUNDS),
            turn_requests: Histogram::of(COUNT_BOUNDS),
            commits: Histogram::of(DURATION_BOUNDS),
            recent_requests: Recent::since(now),
            recent_commits: Recent::since(now),
            slow: SlowLog::default(),
        }
    }

    pub(super) fn serve(&mut self, served: Served) {
        self.served.push(served);
    }

    /// The turn's commit is over; `has_written` says that there was something to commit.
    pub(super) fn commit(&mut self, began: Instant, has_written: bool) {
        let ended = Instant::now();
        self.commit = Some((began, ended));
        if has_written {
            self.commits.count_duration(ended - began);
            self.recent_commits.count(ended - began, ended);
        }
    }

    /// The turn's replies have left. What took `slow_after` or longer is told; none tells of nothing.
    pub(super) fn flushed(&mut self, turn: Turn, slow_after: Option<Duration>) {
        self.turns.count_duration(turn.flushed - turn.began);
        let commit = self.commit.take().unwrap_or((turn.flushed, turn.flushed));
        if self.served.is_empty() {
            return;
        }
        self.turn_requests.count(self.served.len() as u64);
        for served in self.served.drain(..) {
            let taken = turn.flushed.saturating_duration_since(served.since);
            self.requests.count_duration(taken);
            self.recent_requests.count(taken, turn.flushed);
            if slow_after.is_some_and(|slow_after| taken >= slow_after) {
                self.slow.note(&served, commit, &turn);
            }
        }
    }
}
