//! What the server and its operator do to the server itself, until it stands in the trail.
//!
//! It never knows what was done, only its words. Invariant: an act stays here until the transaction of its entry is
//! durable, however often that has to be tried; only where far too many wait is the oldest given up, and said so.

use super::Dispatcher;
use crate::service::audit::{Action, Entry};
use crate::service::time::Now;
use crate::store;
use log::error;
use std::collections::VecDeque;

/// More wait only where nothing could be written for long.
const WAITING_MAX: usize = 256;

/// An act, in the words of the trail.
#[derive(Debug, Clone)]
pub struct Act {
    /// Whether the operator has asked for it in words; else it came by a signal, or by itself.
    pub by_operator: bool,
    pub method: &'static str,
    /// What was done to what.
    pub of: (Action, &'static str),
    pub outcome: &'static str,
    pub detail: String,
}

#[derive(Default)]
pub(super) struct Acts {
    waiting: VecDeque<Act>,
    /// How many of those at the front have an entry in this turn.
    written: usize,
    /// True exactly when the next attempt is that of the minute.
    has_failed: bool,
}

impl Acts {
    /// The turn is durable.
    pub(super) fn keep(&mut self) {
        self.waiting.drain(..self.written);
        self.written = 0;
    }

    /// The turn is lost.
    pub(super) fn undo(&mut self) {
        self.has_failed |= self.written > 0;
        self.written = 0;
    }

    pub(super) fn try_again(&mut self) {
        self.has_failed = false;
    }
}

impl Dispatcher {
    /// Has an act recorded with the next call of `record_acts`.
    pub fn note(&mut self, act: Act) {
        if self.acts.waiting.len() >= WAITING_MAX {
            let oldest = self.acts.waiting.pop_front();
            self.acts.written = self.acts.written.saturating_sub(1);
            error!("the audit trail could not be written for long, and does not have {oldest:?}");
        }
        self.acts.waiting.push_back(act);
    }

    /// Whether there is something to record.
    pub fn has_acts(&self) -> bool {
        !self.acts.has_failed && self.acts.written < self.acts.waiting.len()
    }

    /// Whether the trail has all that was noted, or is known not to take it for now.
    pub fn acts_are_settled(&self) -> bool {
        self.acts.has_failed || self.acts.waiting.is_empty()
    }

    /// Records what was noted, between two turns; it is in the next turn's transaction.
    pub fn record_acts(&mut self, now: &Now) {
        let Acts { waiting, written, has_failed } = &mut self.acts;
        let trail = &mut self.trail;
        for act in waiting.iter().skip(*written) {
            let (role, peer) = if act.by_operator { ("operator", "local") } else { ("system", "") };
            let entry = Entry {
                actor_id: None,
                role,
                peer,
                method: act.method,
                action: act.of.0,
                entity: act.of.1,
                entity_id: None,
                patient_id: None,
                outcome: act.outcome,
                reason: None,
                detail: Some(&act.detail),
                request_id: None,
            };
            // Nobody's request waits for it, so that what fails takes none along.
            let recorded = self.store.write(|transaction| trail.record(transaction, &entry, now));
            if let Err::<i64, store::Error>(fault) = recorded {
                error!("the audit trail could not say {}: {fault}; it is tried again", act.method);
                *has_failed = true;
                return;
            }
            *written += 1;
        }
    }
}
