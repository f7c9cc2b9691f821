//! Owns one run: the poll, the connections, and the order of a turn.
//!
//! It never knows what a request says or how a report looks. A turn: take what is due, hand it to
//! connections with room, wait, read. Invariants: reads come before writes, so that no reply's time holds the
//! sending of another request; the driver allocates nothing for a request once its buffers have grown.

mod introduction;
mod setup;
mod timer;

pub use setup::RunError;

use crate::arrivals::Arrivals;
use crate::connection::{Broken, Clock, Connection, Connector, State, Waiting};
use crate::measure::{ErrorKind, Progress, Recorder};
use crate::plan::{Mode, Plan};
use crate::reply::{self, Expect, Failure};
use crate::workload::Workload;
use mio::{Events, Poll, Token};
use std::collections::VecDeque;
use std::io;
use std::time::Duration;
use timer::Timer;

const MILLISECOND_NS: u64 = 1_000_000;
const SECOND_NS: u64 = 1_000 * MILLISECOND_NS;
/// How often timeouts are looked for.
const LOOK_INTERVAL_NS: u64 = 100 * MILLISECOND_NS;
/// Sleeping and waking cost about as much as this, so what is due sooner is waited for awake.
const SPIN_NS: u64 = 50_000;
/// How long a connection rests that broke before it had brought any reply.
const PAUSE_NS: u64 = 100 * MILLISECOND_NS;
/// How long after the end requests that were due before it may still find a connection.
const GRACE_NS: u64 = 250 * MILLISECOND_NS;
/// medsrv closes an old client's connection after a second of rest, so one that has rested nearly as long is
/// made anew rather than risked.
const REST_NS_MAX: u64 = 750 * MILLISECOND_NS;
/// Those of JSON-RPC are kept longer, but not one on which nothing has been said for ten seconds.
const RPC_REST_NS_MAX: u64 = 8 * SECOND_NS;
const EVENTS_PER_TURN: usize = 1024;
const SCRATCH_BYTES: usize = 256 * 1024;
/// The timer's token; those of the connections are their indexes.
const TIMER: Token = Token(usize::MAX - 1);

/// The part of a run that is measured, by when its requests are due.
#[derive(Debug, Clone, Copy)]
struct Window {
    start_ns: u64,
    end_ns: u64,
}

impl Window {
    fn has(&self, due_ns: u64) -> bool {
        (self.start_ns..self.end_ns).contains(&due_ns)
    }
}

/// What requests and replies mean and how they are counted.
struct Traffic {
    workload: Workload,
    recorder: Recorder,
    window: Window,
    /// Requests that were sent and wait for a reply, on all connections.
    waiting: usize,
}

impl Traffic {
    fn answered(&mut self, request: Waiting, data: &[u8], now_ns: u64) {
        self.waiting -= 1;
        let Some(operation) = request.operation else {
            return self.introduced(request, data, now_ns);
        };
        let failure = match self.workload.judge(operation, data) {
            Ok(()) => {
                let latency_ns = now_ns.saturating_sub(request.due_ns);
                if self.window.has(request.due_ns) {
                    self.recorder.success(operation, latency_ns);
                }
                if self.window.has(now_ns) {
                    self.recorder.arrived(operation, latency_ns, now_ns - self.window.start_ns);
                }
                return;
            }
            Err(failure) => failure,
        };
        self.denied(Some(operation), request.due_ns, &failure, now_ns);
    }

    /// A success of an introduction is nobody's, but a failure explains those of the requests behind it.
    fn introduced(&mut self, request: Waiting, data: &[u8], now_ns: u64) {
        if let Err(failure) = reply::judge(Expect::Success, data) {
            self.denied(None, request.due_ns, &failure, now_ns);
        }
    }

    fn denied(&mut self, operation: Option<usize>, due_ns: u64, failure: &Failure, now_ns: u64) {
        let (kind, text) = match failure {
            Failure::Refused(text) => (ErrorKind::Refused, text),
            Failure::Wrong(text) => (ErrorKind::WrongReply, text),
        };
        self.failed(operation, due_ns, kind, text, now_ns);
    }

    fn failed(&mut self, operation: Option<usize>, due_ns: u64, kind: ErrorKind, text: &str, now_ns: u64) {
        if self.window.has(due_ns) {
            let at_ns = now_ns.saturating_sub(self.window.start_ns);
            self.recorder.error(operation, kind, text, at_ns);
        }
    }
}

/// What a run came to, before it is a report.
pub(crate) struct Outcome {
    pub(crate) operations: Vec<String>,
    pub(crate) recorder: Recorder,
    pub(crate) duration_ns: u64,
    /// The part of the window in which the tool did not just wait, from 0 to 1.
    pub(crate) busy_share: f64,
    pub(crate) reconnects: u64,
}

pub(crate) struct Driver<'a> {
    plan: &'a Plan,
    clock: Clock,
    poll: Poll,
    events: Events,
    timer: Timer,
    connector: Connector,
    connections: Vec<Connection>,
    /// Connections with room for a request, in the order in which they get one.
    free: VecDeque<usize>,
    /// Connections that broke at once, and until when they rest.
    resting: VecDeque<(u64, usize)>,
    arrivals: Arrivals,
    traffic: Traffic,
    /// The frame that makes a new connection known, where somebody is logged in.
    introduction: Option<Vec<u8>>,
    rest_ns_max: u64,
    next_look_ns: u64,
    waited_ns: u64,
    reconnects: u64,
    scratch: Box<[u8]>,
}

impl Driver<'_> {
    /// Runs to the end, and calls `observe` once a second.
    pub(crate) fn run(mut self, observe: &mut dyn FnMut(&Progress)) -> Result<Outcome, RunError> {
        let Window { start_ns, end_ns } = self.traffic.window;
        let mut next_second_ns = start_ns + SECOND_NS;
        let mut is_over = false;
        loop {
            let now_ns = self.clock.now_ns();
            self.gather(now_ns);
            if !is_over && now_ns >= end_ns && (!self.arrivals.has_queue() || now_ns >= end_ns + GRACE_NS) {
                is_over = true;
                self.give_up(now_ns);
            }
            if is_over && self.traffic.waiting == 0 {
                break;
            }
            self.feed();
            self.wait()?;
            self.serve();
            let now_ns = self.clock.now_ns();
            if now_ns >= self.next_look_ns {
                self.next_look_ns = now_ns + LOOK_INTERVAL_NS;
                self.look(now_ns);
            }
            if now_ns >= next_second_ns {
                next_second_ns += SECOND_NS;
                self.traffic.recorder.roll(now_ns - start_ns);
                observe(&self.traffic.recorder.progress());
            }
        }
        Ok(self.outcome())
    }

    fn outcome(mut self) -> Outcome {
        let Window { start_ns, end_ns } = self.traffic.window;
        let duration_ns = end_ns - start_ns;
        self.traffic.recorder.finish();
        let share = crate::measure::per_second(self.waited_ns, duration_ns) / 1e9;
        let operations = self.traffic.workload.operations();
        Outcome {
            operations: operations.iter().map(|operation| operation.name.clone()).collect(),
            duration_ns,
            busy_share: (1.0 - share).clamp(0.0, 1.0),
            reconnects: self.reconnects,
            recorder: self.traffic.recorder,
        }
    }

    fn gather(&mut self, now_ns: u64) {
        let Driver { arrivals, traffic, .. } = self;
        arrivals.gather(now_ns, |due_ns| traffic.failed(None, due_ns, ErrorKind::NotSent, "", now_ns));
        while let Some((until_ns, key)) = self.resting.front().copied() {
            if until_ns > now_ns {
                break;
            }
            self.resting.pop_front();
            if let Some(connection) = self.connections.get_mut(key) {
                connection.resting = false;
            }
            self.list(key, now_ns);
        }
    }

    fn give_up(&mut self, now_ns: u64) {
        let Driver { arrivals, traffic, .. } = self;
        arrivals.give_up(|due_ns| traffic.failed(None, due_ns, ErrorKind::NotSent, "", now_ns));
    }

    /// Hands requests to connections with room while there are both.
    fn feed(&mut self) {
        while let Some(key) = self.free.front().copied() {
            let now_ns = self.clock.now_ns();
            let Some(due_ns) = self.arrivals.next(now_ns) else { return };
            let free = self.free.len();
            self.free.pop_front();
            let Some(connection) = self.connections.get_mut(key) else { continue };
            connection.listed = false;
            if !self.make_open(key, due_ns, now_ns) {
                continue;
            }
            let room = self.room(key);
            self.hand(key, due_ns, now_ns);
            for _ in 1..self.arrivals.share(room, free) {
                let Some(due_ns) = self.arrivals.next(now_ns) else { break };
                self.hand(key, due_ns, now_ns);
            }
            self.flush(key, now_ns);
            self.list(key, now_ns);
        }
    }

    fn room(&self, key: usize) -> usize {
        let waiting = self.connections.get(key).map_or(0, |connection| connection.waiting.len());
        self.plan.pipeline.saturating_sub(waiting)
    }

    /// Puts a connection with room on the list of those that get a request.
    fn list(&mut self, key: usize, now_ns: u64) {
        let room = self.room(key);
        let Some(connection) = self.connections.get_mut(key) else { return };
        if room > 0 && !connection.listed && !connection.resting {
            connection.listed = true;
            connection.free_since_ns = now_ns;
            self.free.push_back(key);
        }
    }

    /// Makes a connection fit for a request, or counts the error and lets it rest.
    fn make_open(&mut self, key: usize, due_ns: u64, now_ns: u64) -> bool {
        let Some(connection) = self.connections.get_mut(key) else { return false };
        let rested_ns = now_ns.saturating_sub(connection.free_since_ns);
        if connection.waiting.is_empty() && rested_ns > self.rest_ns_max {
            connection.close();
        }
        if connection.state != State::Closed {
            return true;
        }
        if !self.plan.fresh {
            self.reconnects += 1;
        }
        match connection.open(&mut self.connector, self.poll.registry(), Token(key)) {
            Ok(()) => {
                self.introduce(key, now_ns);
                true
            }
            Err(error) => {
                connection.close();
                self.traffic.failed(None, due_ns, ErrorKind::Connect, &setup::explained(&error), now_ns);
                connection.resting = true;
                self.resting.push_back((now_ns + PAUSE_NS, key));
                false
            }
        }
    }

    fn hand(&mut self, key: usize, due_ns: u64, now_ns: u64) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let operation = self.traffic.workload.next(&mut connection.output);
        connection.waiting.push_back(Waiting { operation: Some(operation), due_ns, sent_ns: now_ns });
        self.traffic.waiting += 1;
        if self.traffic.window.has(due_ns) {
            let possible_ns = due_ns.max(connection.free_since_ns);
            self.traffic.recorder.lag(now_ns.saturating_sub(possible_ns));
        }
    }

    fn flush(&mut self, key: usize, now_ns: u64) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if let Err(broken) = connection.flush() {
            self.broken(key, &broken, now_ns);
        }
    }

    /// Waits for an event, or for what the clock brings next.
    fn wait(&mut self) -> io::Result<()> {
        let now_ns = self.clock.now_ns();
        let mut wake_ns = self.next_look_ns;
        // Without a free connection, what becomes due cannot be sent anyway.
        if let Some(due_ns) = self.arrivals.next_due_ns().filter(|_| !self.free.is_empty()) {
            wake_ns = wake_ns.min(due_ns);
        }
        if let Some((until_ns, _)) = self.resting.front() {
            wake_ns = wake_ns.min(*until_ns);
        }
        let left_ns = wake_ns.saturating_sub(now_ns);
        let is_spin = left_ns < SPIN_NS;
        let timeout = if is_spin {
            Duration::ZERO
        } else {
            if matches!(self.plan.mode, Mode::Open { .. }) {
                self.timer.set(left_ns)?;
            }
            Duration::from_nanos(left_ns)
        };
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if self.traffic.window.has(now_ns) && (!is_spin || self.events.is_empty()) {
            self.waited_ns += self.clock.now_ns().saturating_sub(now_ns);
        }
        Ok(())
    }

    /// Reads from each connection that has something, and finds out which have room again.
    fn serve(&mut self) {
        // The events are put back below; meanwhile the connections can be borrowed.
        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        for event in &events {
            let Token(key) = event.token();
            let Some(connection) = self.connections.get_mut(key) else { continue };
            // A socket of this batch may have been closed and replaced since; then this event says nothing.
            if connection.state == State::Closed {
                continue;
            }
            let ends = event.is_read_closed() || event.is_error();
            let Driver { traffic, clock, scratch, .. } = self;
            let mut result = connection.settle();
            if result.is_ok() && (event.is_readable() || ends) {
                let mut sink =
                    |request: Waiting, data: &[u8], now_ns| traffic.answered(request, data, now_ns);
                result = connection.receive(scratch, ends, clock, &mut sink);
            }
            if result.is_ok() && event.is_writable() {
                result = connection.flush();
            }
            let now_ns = clock.now_ns();
            if self.plan.fresh && connection.replies > 0 && connection.waiting.is_empty() {
                connection.close();
                result = Ok(());
            }
            match result {
                Ok(()) => self.list(key, now_ns),
                Err(broken) => self.broken(key, &broken, now_ns),
            }
        }
        self.events = events;
    }

    /// Counts what a broken connection still owed, and closes it.
    fn broken(&mut self, key: usize, broken: &Broken, now_ns: u64) {
        let Some(connection) = self.connections.get(key) else { return };
        let (kind, text) = match broken {
            Broken::Failed(error) if connection.state == State::Connecting => {
                (ErrorKind::Connect, setup::explained(error))
            }
            Broken::Failed(error) => (ErrorKind::Closed, setup::explained(error)),
            Broken::Garbled => (ErrorKind::WrongReply, "what came is no reply frame".into()),
            Broken::Ended => (ErrorKind::Closed, "the server closed the connection".into()),
        };
        self.abandon(key, kind, &text, now_ns);
    }

    /// Counts each request of a connection that has no reply as `kind`, and closes the connection.
    fn abandon(&mut self, key: usize, kind: ErrorKind, text: &str, now_ns: u64) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        // One that ends at rest is made anew when it is needed; one that never worked is given time.
        let is_useless = connection.replies == 0 && !connection.waiting.is_empty();
        for request in connection.waiting.drain(..) {
            self.traffic.waiting -= 1;
            if request.operation.is_some() {
                self.traffic.failed(request.operation, request.due_ns, kind, text, now_ns);
            }
        }
        connection.close();
        if !is_useless {
            return self.list(key, now_ns);
        }
        if std::mem::take(&mut connection.listed) {
            self.free.retain(|listed| *listed != key);
        }
        connection.resting = true;
        self.resting.push_back((now_ns + PAUSE_NS, key));
    }

    /// Gives up on connections whose oldest request has waited too long.
    fn look(&mut self, now_ns: u64) {
        let timeout_ns = u64::try_from(self.plan.timeout.as_nanos()).unwrap_or(u64::MAX);
        for key in 0..self.connections.len() {
            let oldest = self.connections.get(key).and_then(|connection| connection.waiting.front());
            if oldest.is_some_and(|request| now_ns.saturating_sub(request.sent_ns) > timeout_ns) {
                let text = format!("no reply within {:?}", self.plan.timeout);
                self.abandon(key, ErrorKind::Timeout, &text, now_ns);
            }
        }
    }
}
