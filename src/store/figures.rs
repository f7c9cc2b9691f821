//! What the store counts of itself, and how long its statements have taken.
//!
//! It never knows who reads it. Invariant: counting allocates nothing and cannot fail; totals only grow.

use super::Error;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// How the store stands.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    /// Turns that have written and are durable, and turns of which nothing is there.
    pub commits: u64,
    pub rollbacks: u64,
    pub checkpoints: u64,
    pub checkpoint_age: Option<Duration>,
    /// By kind.
    pub errors: [(&'static str, u64); 5],
    /// Whether the last write found the disk full.
    pub is_full: bool,
    /// Whether the write lock was last found to be another process's.
    pub is_locked: bool,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    commits: Cell<u64>,
    rollbacks: Cell<u64>,
    checkpoints: Cell<u64>,
    checkpointed_at: Cell<Option<Instant>>,
    busy: Cell<u64>,
    full: Cell<u64>,
    io: Cell<u64>,
    corrupt: Cell<u64>,
    other: Cell<u64>,
    is_full: Cell<bool>,
    /// How long all statements together have taken.
    taken: Cell<Duration>,
    /// True exactly while a statement is being timed; one inside another is in the time of that one.
    is_timing: Cell<bool>,
}

/// Counts the time until it is dropped.
pub(super) struct Timed<'a> {
    counts: &'a Counts,
    begun: Option<Instant>,
}

impl Drop for Timed<'_> {
    fn drop(&mut self) {
        if let Some(begun) = self.begun {
            self.counts.taken.set(self.counts.taken.get() + begun.elapsed());
            self.counts.is_timing.set(false);
        }
    }
}

fn increment(count: &Cell<u64>) {
    count.set(count.get() + 1);
}

impl Counts {
    pub(super) fn time(&self) -> Timed<'_> {
        let begun = (!self.is_timing.replace(true)).then(Instant::now);
        Timed { counts: self, begun }
    }

    pub(super) fn taken(&self) -> Duration {
        self.taken.get()
    }

    pub(super) fn commits(&self) -> u64 {
        self.commits.get()
    }

    pub(super) fn is_full(&self) -> bool {
        self.is_full.get()
    }

    pub(super) fn note_commit(&self) {
        increment(&self.commits);
        self.is_full.set(false);
    }

    pub(super) fn note_rollback(&self) {
        increment(&self.rollbacks);
    }

    pub(super) fn note_checkpoint(&self) {
        increment(&self.checkpoints);
        self.checkpointed_at.set(Some(Instant::now()));
    }

    /// A constraint that refuses a write is no error of the store's, and what comes of a lost turn was counted.
    pub(super) fn note_error(&self, error: &Error) {
        match error {
            Error::Busy => increment(&self.busy),
            Error::Full => {
                self.is_full.set(true);
                increment(&self.full);
            }
            Error::Io(_) => increment(&self.io),
            Error::Corrupt(_) => increment(&self.corrupt),
            Error::Other(_) => increment(&self.other),
            Error::Constraint(_) | Error::TurnLost => {}
        }
    }

    pub(super) fn figures(&self, is_locked: bool) -> Figures {
        Figures {
            commits: self.commits.get(),
            rollbacks: self.rollbacks.get(),
            checkpoints: self.checkpoints.get(),
            checkpoint_age: self.checkpointed_at.get().map(|at| at.elapsed()),
            errors: [
                ("busy", self.busy.get()),
                ("full", self.full.get()),
                ("io", self.io.get()),
                ("corrupt", self.corrupt.get()),
                ("other", self.other.get()),
            ],
            is_full: self.is_full.get(),
            is_locked,
        }
    }
}
