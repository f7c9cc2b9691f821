//! The loop's end: what is served still once it has been asked for, and when nothing is left to be answered.
//!
//! It never knows who comes after. Invariant: what was read is answered; nobody new is let in.

use super::{Reactor, touch};
use crate::net::connection::{Connection, Held, State};
use crate::net::counters::CloseReason;
use crate::net::handler::{Door, End, Handler};
use crate::net::{DRAIN, NEWCOMERS};
use log::info;
use std::time::Instant;

impl Reactor {
    /// Closes the listeners and lets what was read be answered; asked a second time, ends with this turn.
    pub(super) fn begin_end<H: Handler>(&mut self, handler: &mut H, end: End, now: Instant) {
        if self.draining_until.is_some() {
            info!("asked a second time to end: ending at once");
            self.finished = true;
            return;
        }
        info!("asked to end: {} connections are served to the end of what was read", self.connections.len());
        self.draining_until = Some(now + DRAIN);
        if end == End::HandOver {
            self.newcomers_until = Some(now + NEWCOMERS);
        }
        for entrance in self.entrances.drain(..) {
            entrance.close(self.poll.registry());
        }
        handler.ending();
        self.touch_all();
    }

    /// Lets nobody be waited for any longer who has been let in but has not asked for anything.
    pub(super) fn expire_newcomers(&mut self, now: Instant) {
        if self.newcomers_until.is_some_and(|until| until <= now) {
            self.newcomers_until = None;
            self.touch_all();
        }
    }

    /// Whether a connection's request is read, though the end has been asked for: whoever was let in just before
    /// that knows nothing of it.
    pub(super) fn is_newcomer(&self, connection: &Connection) -> bool {
        let is_new = connection.requests == 0 && connection.door == Door::Clients && !connection.over_limit;
        is_new && self.newcomers_until.is_some()
    }

    /// Whether the end has been asked for and the handler has nothing more to answer: what is left is to be sent, or
    /// stands behind replies that its peer does not read.
    pub fn has_answered(&self) -> bool {
        let is_open = |connection: &Connection| {
            let waits = connection.held != Held::No || connection.has_request(&self.limits);
            connection.state == State::Serving && (waits || self.is_newcomer(connection))
        };
        self.draining_until.is_some() && !self.connections.iter().any(|(_, connection)| is_open(connection))
    }

    /// From now on sends what is there, and asks the handler for nothing more.
    pub fn answer_nothing_more(&mut self) {
        let now = Instant::now();
        for (_, connection) in &mut self.connections {
            if connection.state == State::Serving {
                connection.end(now, CloseReason::ShuttingDown);
            }
        }
        self.touch_all();
    }

    fn touch_all(&mut self) {
        for (key, connection) in &mut self.connections {
            touch(&mut self.touched, connection, key);
        }
    }

    pub(super) fn is_finished(&self, now: Instant) -> bool {
        let drained = self.draining_until.is_some_and(|until| self.connections.is_empty() || now >= until);
        self.finished || drained
    }
}
