//! The loop: one poll, a slab of connections, and the order of a turn.
//!
//! It never knows JSON, SQL or the clinic. Invariants: no reply leaves before the turn that made it has
//! committed; no slab slot is freed or reused inside a turn; a connection stopped by its budget is on the
//! ready list, since the poll is edge-triggered and would never speak of it again.

mod ending;

use super::admission::{Admission, Admittance};
use super::connection::{Connection, Flushed, Held, Received, State};
use super::counters::{CloseReason, Counters, Rejection};
use super::entrance::{self, Entrance, Listener};
use super::exchange::{dispatch, push, refuse, retract};
use super::handler::{Background, CommitOutcome, Door, End, Handler, Place, Refusal, Turn};
use super::signals::{Intent, SignalSource};
use super::stream::Stream;
use super::timer::{Due, Timers};
use super::{
    ACCEPTS_PER_TURN, BUFFER_KEPT_BYTES, EVENTS_PER_TURN, IDLE_AFTER, Limits, READ_PER_TURN_BYTES,
    REQUESTS_PER_TURN, TURN_BUSY_MAX,
};
use crate::session::{Session, SessionId, SessionIds};
use log::debug;
use mio::net::{TcpListener, UnixListener};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use std::collections::{HashMap, VecDeque};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

const SIGNALS: Token = Token(3);
/// Connections' tokens are their slab keys, above those of the loop's own sources.
const FIRST_CONNECTION: usize = 4;

pub struct Reactor {
    poll: Poll,
    events: Events,
    /// None once the end has been asked for.
    entrances: Vec<Entrance>,
    address: SocketAddr,
    signals: Option<SignalSource>,
    limits: Limits,
    connections: Slab<Connection>,
    /// Where each session's connection is, for what the handler says of sessions.
    keys: HashMap<SessionId, usize>,
    session_ids: SessionIds,
    admission: Admission,
    counters: Counters,
    /// Connections with something to read or dispatch, in the order in which they get their turn.
    ready: VecDeque<usize>,
    /// Connections whose next request waits to be alone.
    deferred: VecDeque<usize>,
    /// Connections to be flushed and looked over before this turn ends.
    touched: Vec<usize>,
    /// The other half of `touched`, so that no turn allocates.
    flushing: Vec<usize>,
    dead: Vec<usize>,
    timers: Timers,
    signalled: bool,
    /// True exactly when this turn's poll ran into its time limit with nothing to do.
    idle: bool,
    /// What the handler's background work had left to do when it was last called.
    background: Background,
    /// Set once the end has been asked for: when patience ends.
    draining_until: Option<Instant>,
    /// Until then, whoever was let in just before the end was asked for may still ask.
    newcomers_until: Option<Instant>,
    finished: bool,
    scratch: Box<[u8]>,
}

impl Reactor {
    pub fn new(listener: TcpListener, limits: Limits) -> io::Result<Reactor> {
        let poll = Poll::new()?;
        let address = listener.local_addr()?;
        let clients = Entrance::open(poll.registry(), Door::Clients, Listener::Tcp(listener))?;
        Ok(Reactor {
            poll,
            events: Events::with_capacity(EVENTS_PER_TURN),
            address,
            entrances: vec![clients],
            counters: Counters::new(limits.connections_max),
            signals: None,
            limits,
            connections: Slab::new(),
            keys: HashMap::new(),
            session_ids: SessionIds::default(),
            admission: Admission::default(),
            ready: VecDeque::new(),
            deferred: VecDeque::new(),
            touched: Vec::new(),
            flushing: Vec::new(),
            dead: Vec::new(),
            timers: Timers::default(),
            signalled: false,
            idle: false,
            background: Background::Nothing,
            draining_until: None,
            newcomers_until: None,
            finished: false,
            scratch: vec![0; READ_PER_TURN_BYTES].into_boxed_slice(),
        })
    }

    /// Takes the signals that mean something to a server into the poll.
    pub fn watch_signals(&mut self) -> io::Result<()> {
        self.signals = Some(SignalSource::register(self.poll.registry(), SIGNALS)?);
        Ok(())
    }

    /// Lets whoever administers the server in by this socket.
    pub fn open_admin(&mut self, listener: UnixListener) -> io::Result<()> {
        let listener = Listener::Unix(listener);
        self.entrances.push(Entrance::open(self.poll.registry(), Door::Admin, listener)?);
        Ok(())
    }

    /// Lets whoever reads the metrics in by this port.
    pub fn open_metrics(&mut self, listener: TcpListener) -> io::Result<()> {
        let listener = Listener::Tcp(listener);
        self.entrances.push(Entrance::open(self.poll.registry(), Door::Metrics, listener)?);
        Ok(())
    }

    /// The address that the listener has, or had.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// One turn. Returns false when it was the last.
    pub fn turn<H: Handler>(&mut self, handler: &mut H) -> io::Result<bool> {
        self.wait(handler)?;
        let now = Instant::now();
        let reads = self.draining_until.is_none();
        self.take_signals(handler, now);
        self.serve_ready(handler, reads, now);
        self.take_orders(handler, now);
        self.accept(handler, now);
        let is_durable = self.commit(handler);
        // A turn may have taken long, and deadlines begin when a reply leaves.
        let began = now;
        let now = Instant::now();
        if is_durable {
            self.push(handler, now);
        }
        self.flush(now);
        handler.flushed(Turn { began, flushed: Instant::now() });
        self.expire(now);
        self.background = handler.background(self.idle);
        self.wake(handler, now);
        self.serve_deferred(handler);
        self.sweep(handler);
        Ok(!self.is_finished(now))
    }

    /// Waits for events, or for the next timer, or not at all while anything is pending.
    fn wait<H: Handler>(&mut self, handler: &H) -> io::Result<()> {
        let timeout = self.timeout(handler.alarm(), Instant::now());
        self.idle = false;
        match self.poll.poll(&mut self.events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error),
        }
        self.idle = self.events.is_empty() && timeout != Some(Duration::ZERO);
        for event in &self.events {
            let key = match event.token() {
                token if token.0 < SIGNALS.0 => {
                    let is_meant = |entrance: &&mut Entrance| entrance::token(entrance.door) == token;
                    self.entrances.iter_mut().filter(is_meant).for_each(Entrance::announce);
                    continue;
                }
                SIGNALS => {
                    self.signalled = true;
                    continue;
                }
                Token(token) => token - FIRST_CONNECTION,
            };
            let Some(connection) = self.connections.get_mut(key) else { continue };
            if event.is_readable() || event.is_read_closed() || event.is_error() {
                connection.readable = true;
                connection.read_closed |= event.is_read_closed() || event.is_error();
                connection.reset |= event.is_write_closed() || event.is_error();
                enqueue(&mut self.ready, connection, key);
            }
            if event.is_writable() {
                connection.blocked = false;
                touch(&mut self.touched, connection, key);
            }
        }
        Ok(())
    }

    fn timeout(&self, alarm: Option<Instant>, now: Instant) -> Option<Duration> {
        let pending = !self.ready.is_empty() || !self.touched.is_empty() || !self.deferred.is_empty();
        let arriving = self.entrances.iter().any(Entrance::is_ready);
        if pending || arriving || self.background == Background::Pending {
            return Some(Duration::ZERO);
        }
        let resume = self.entrances.iter().filter_map(Entrance::resumes_at).min();
        let idle = (self.background == Background::AwaitsIdle).then(|| now + IDLE_AFTER);
        let ends = [self.draining_until, self.newcomers_until].into_iter().flatten().min();
        let next = [self.timers.next(), resume, ends, idle, alarm].into_iter().flatten().min()?;
        Some(next.saturating_duration_since(now))
    }

    fn take_signals<H: Handler>(&mut self, handler: &mut H, now: Instant) {
        if !std::mem::take(&mut self.signalled) {
            return;
        }
        let Some(signals) = &mut self.signals else { return };
        let intents: Vec<Intent> = signals.take().collect();
        for intent in intents {
            match intent {
                Intent::Reload => handler.reload(),
                Intent::Reopen => handler.reopen(),
                Intent::Report => handler.report(&self.counters),
                Intent::Shutdown => self.begin_end(handler, End::Stop, now),
            }
        }
    }

    /// Ends where the handler says so, and goes by new limits from here on, where it has some: each connection is
    /// looked over then, for its deadline may be another one now, or it may not be served any longer.
    fn take_orders<H: Handler>(&mut self, handler: &mut H, now: Instant) {
        if let (None, Some(end)) = (self.draining_until, handler.wants_end()) {
            self.begin_end(handler, end, now);
        }
        let Some(limits) = handler.new_limits() else { return };
        self.counters.connections_max = limits.connections_max;
        self.limits = limits;
        for (key, connection) in &mut self.connections {
            if connection.state == State::Serving
                && connection.door == Door::Clients
                && connection.requests > 0
                && !handler.serves(&connection.session)
            {
                connection.end(now, CloseReason::Revoked);
            }
            touch(&mut self.touched, connection, key);
        }
    }

    /// Gives each connection on the ready list its turn; once the end has been asked for, what has not been
    /// read by then is not read any more.
    fn serve_ready<H: Handler>(&mut self, handler: &mut H, reads: bool, now: Instant) {
        for _ in 0..self.ready.len() {
            // What is left over comes first in the next turn. A key may by then be another connection's,
            // which loses nothing by being looked at.
            if now.elapsed() > TURN_BUSY_MAX {
                break;
            }
            let Some(key) = self.ready.pop_front() else { break };
            let is_newcomer = self.connections.get(key).is_some_and(|one| self.is_newcomer(one));
            let Some(connection) = self.connections.get_mut(key) else { continue };
            connection.queued = false;
            touch(&mut self.touched, connection, key);
            let may_read = reads || is_newcomer || connection.state != State::Serving;
            if may_read
                && connection.wants_read(&self.limits)
                && connection.receive(&mut self.scratch, now) == Received::Broken
            {
                kill(&mut self.dead, connection, key, CloseReason::Broken);
                continue;
            }
            if connection.state == State::Serving && connection.held == Held::No {
                let (place, counters) = (Place::InTurn, &mut self.counters);
                if dispatch(connection, &self.limits, counters, handler, place, REQUESTS_PER_TURN, now) {
                    self.deferred.push_back(key);
                }
            }
            if (may_read && connection.wants_read(&self.limits)) || connection.has_request(&self.limits) {
                enqueue(&mut self.ready, connection, key);
            }
            recount(&mut self.counters.buffered_bytes, connection);
            let is_large = connection.buffer_bytes() > 2 * BUFFER_KEPT_BYTES;
            let is_client = connection.state == State::Serving && connection.door == Door::Clients;
            if is_client && is_large && self.counters.buffered_bytes > self.limits.buffered_max_bytes {
                refuse(connection, &mut self.counters, handler, Refusal::BuffersFull, now);
                recount(&mut self.counters.buffered_bytes, connection);
            }
        }
    }

    /// Gives one request that asked for it the place between two turns. Its reply leaves with the next one's.
    fn serve_deferred<H: Handler>(&mut self, handler: &mut H) {
        let Some(key) = self.deferred.pop_front() else { return };
        let Some(connection) = self.connections.get_mut(key) else { return };
        if connection.held != Held::UntilAlone || connection.state != State::Serving {
            return;
        }
        connection.held = Held::No;
        // However long the turn has been: this request has waited for its end.
        let (place, counters) = (Place::Alone, &mut self.counters);
        if dispatch(connection, &self.limits, counters, handler, place, 1, Instant::now()) {
            self.deferred.push_back(key);
        }
        enqueue(&mut self.ready, connection, key);
        touch(&mut self.touched, connection, key);
    }

    fn accept<H: Handler>(&mut self, handler: &mut H, now: Instant) {
        for at in 0..self.entrances.len() {
            for _ in 0..ACCEPTS_PER_TURN {
                let Some(entrance) = self.entrances.get_mut(at) else { break };
                let door = entrance.door;
                let Some((stream, address)) = entrance.accept(now) else { break };
                self.admit(handler, door, stream, address, now);
            }
        }
    }

    fn admit<H: Handler>(
        &mut self,
        handler: &mut H,
        door: Door,
        mut stream: Stream,
        address: IpAddr,
        now: Instant,
    ) {
        let admittance = self.admission.admit_at(door, address, &self.limits);
        if admittance == Admittance::Dropped {
            return self.counters.reject(Rejection::Untold);
        }
        let entry = self.connections.vacant_entry();
        let key = entry.key();
        let registered = stream
            .set_nodelay()
            .and_then(|()| self.poll.registry().register(&mut stream, token(key), Interest::READABLE));
        if let Err(error) = registered {
            debug!("a connection from {address} was gone before it could be served: {error}");
            return self.admission.leave_at(door, address, admittance == Admittance::Served);
        }
        let session = Session { id: self.session_ids.give(), address };
        let connection = entry.insert(Connection::new(stream, door, session, now));
        self.keys.insert(session.id, key);
        if let Admittance::Refused(refusal) = admittance {
            connection.over_limit = true;
            refuse(connection, &mut self.counters, handler, refusal, now);
        } else if door == Door::Clients {
            self.counters.let_in(self.admission.served());
        }
        touch(&mut self.touched, connection, key);
    }

    /// Nothing of this turn has been sent yet; where it did not become durable, no reply of it ever is. Returns
    /// whether it did.
    fn commit<H: Handler>(&mut self, handler: &mut H) -> bool {
        let outcome = handler.commit();
        if outcome == CommitOutcome::Durable {
            return true;
        }
        self.finished |= outcome == CommitOutcome::Fatal;
        for key in &self.touched {
            if let Some(connection) = self.connections.get_mut(*key) {
                retract(connection, handler);
            }
        }
        false
    }

    /// Lets the handler send to connections besides the replies. While the buffers in all are over their limit,
    /// a connection with more than a little unread is taken for a slow reader.
    fn push<H: Handler>(&mut self, handler: &mut H, now: Instant) {
        let Reactor { connections, keys, touched, limits, counters, .. } = self;
        let buffered_bytes = &mut counters.buffered_bytes;
        handler.push(&mut |session, data| {
            let Some(&key) = keys.get(&session) else { return };
            let Some(connection) = connections.get_mut(key) else { return };
            if connection.state != State::Serving {
                return;
            }
            let is_full = *buffered_bytes > limits.buffered_max_bytes;
            let unsent_max = limits.output_soft_max_bytes;
            let unsent_max = if is_full { unsent_max.min(2 * BUFFER_KEPT_BYTES) } else { unsent_max };
            push(connection, data, unsent_max, now);
            recount(buffered_bytes, connection);
            touch(touched, connection, key);
        });
    }

    /// Lets the requests be asked again that the handler is ready for.
    fn wake<H: Handler>(&mut self, handler: &mut H, now: Instant) {
        while let Some(session) = handler.woken() {
            let Some(&key) = self.keys.get(&session) else { continue };
            let Some(connection) = self.connections.get_mut(key) else { continue };
            if connection.wake(now) {
                enqueue(&mut self.ready, connection, key);
            }
        }
    }

    /// Sends what is waiting on each touched connection, and settles what comes next for it.
    fn flush(&mut self, now: Instant) {
        std::mem::swap(&mut self.touched, &mut self.flushing);
        for at in 0..self.flushing.len() {
            let Some(&key) = self.flushing.get(at) else { break };
            let Some(connection) = self.connections.get_mut(key) else { continue };
            connection.touched = false;
            connection.turn_start = None;
            connection.refusal_start = None;
            if connection.state == State::Dead {
                continue;
            }
            let listeners = if connection.attaches { listeners(&self.entrances) } else { Vec::new() };
            let flushed = match connection.blocked {
                true => Flushed::Blocked,
                false => connection.flush(&self.limits, &listeners, now),
            };
            match flushed {
                Flushed::Broken => kill(&mut self.dead, connection, key, CloseReason::Broken),
                Flushed::More => touch(&mut self.touched, connection, key),
                Flushed::Blocked | Flushed::Done => {}
            }
            self.watch_writable(key, flushed == Flushed::Blocked);
            self.settle(key, now);
        }
        self.flushing.clear();
    }

    /// Asks for writability exactly while a write is blocked.
    fn watch_writable(&mut self, key: usize, wanted: bool) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if connection.watches_writable == wanted || connection.state == State::Dead {
            return;
        }
        let interest = if wanted { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
        match self.poll.registry().reregister(&mut connection.stream, token(key), interest) {
            Ok(()) => connection.watches_writable = wanted,
            Err(_) => kill(&mut self.dead, connection, key, CloseReason::Broken),
        }
    }

    /// Decides, once this turn's output is on its way, whether a connection goes on, and until when.
    fn settle(&mut self, key: usize, now: Instant) {
        let is_newcomer = self.connections.get(key).is_some_and(|one| self.is_newcomer(one));
        let Some(connection) = self.connections.get_mut(key) else { return };
        recount(&mut self.counters.buffered_bytes, connection);
        let reads = self.draining_until.is_none() || is_newcomer;
        let sent_all = connection.unsent_bytes() == 0;
        let has_request = connection.has_request(&self.limits);
        let is_done = sent_all && !has_request && connection.held == Held::No;
        match connection.state {
            State::Dead => return,
            State::Ending if sent_all => {
                if connection.peer_finished || connection.discard().is_err() {
                    return kill(&mut self.dead, connection, key, connection.ending);
                }
                enqueue(&mut self.ready, connection, key);
            }
            State::Discarding if connection.peer_finished => {
                return kill(&mut self.dead, connection, key, connection.ending);
            }
            State::Serving if connection.waits_in_vain() => {
                return kill(&mut self.dead, connection, key, CloseReason::Broken);
            }
            State::Serving if is_done && connection.peer_finished => {
                return kill(&mut self.dead, connection, key, CloseReason::ByPeer);
            }
            State::Serving if is_done && !reads => {
                if !connection.is_active(now) || connection.discard().is_err() {
                    return kill(&mut self.dead, connection, key, CloseReason::ShuttingDown);
                }
                enqueue(&mut self.ready, connection, key);
            }
            // It may have come off the ready list because too much output was waiting.
            State::Serving if has_request || (connection.wants_read(&self.limits) && reads) => {
                enqueue(&mut self.ready, connection, key);
            }
            _ => {}
        }
        let Some((at, _)) = connection.deadline(&self.limits) else { return };
        if connection.scheduled.is_none_or(|scheduled| at < scheduled) {
            connection.scheduled = Some(at);
            self.timers.set(at, Due { key, session: connection.session.id });
        }
    }

    fn expire(&mut self, now: Instant) {
        self.expire_newcomers(now);
        while let Some(due) = self.timers.pop(now) {
            let Some(connection) = self.connections.get_mut(due.key) else { continue };
            let is_current = connection.session.id == due.session
                && connection.scheduled.is_some_and(|scheduled| scheduled <= now);
            if !is_current || connection.state == State::Dead {
                continue;
            }
            match connection.deadline(&self.limits) {
                Some((at, reason)) if at <= now => kill(&mut self.dead, connection, due.key, reason),
                Some((at, _)) => {
                    connection.scheduled = Some(at);
                    self.timers.set(at, due);
                }
                None => connection.scheduled = None,
            }
        }
    }

    fn sweep<H: Handler>(&mut self, handler: &mut H) {
        for key in self.dead.drain(..) {
            let Some(connection) = self.connections.try_remove(key) else { continue };
            let Session { id, address } = connection.session;
            self.keys.remove(&id);
            self.admission.leave_at(connection.door, address, !connection.over_limit);
            if connection.door == Door::Clients {
                self.counters.close(connection.ending);
                self.counters.connections = self.admission.served();
            }
            self.counters.buffered_bytes -= connection.counted_bytes;
            handler.closed(id);
        }
    }
}

/// What others can be let in by in this process's stead.
fn listeners(entrances: &[Entrance]) -> Vec<BorrowedFd<'_>> {
    entrances.iter().filter_map(Entrance::listener).collect()
}

fn token(key: usize) -> Token {
    Token(key + FIRST_CONNECTION)
}

fn enqueue(ready: &mut VecDeque<usize>, connection: &mut Connection, key: usize) {
    if !connection.queued {
        connection.queued = true;
        ready.push_back(key);
    }
}

fn touch(touched: &mut Vec<usize>, connection: &mut Connection, key: usize) {
    if !connection.touched {
        connection.touched = true;
        touched.push(key);
    }
}

fn kill(dead: &mut Vec<usize>, connection: &mut Connection, key: usize, reason: CloseReason) {
    if connection.state == State::Dead {
        return;
    }
    connection.state = State::Dead;
    connection.ending = reason;
    dead.push(key);
    let Session { id, address } = connection.session;
    debug!("connection {id} from {address} closed after {} requests: {reason:?}", connection.requests);
}

fn recount(buffered_bytes: &mut usize, connection: &mut Connection) {
    let bytes = connection.buffer_bytes();
    *buffered_bytes = *buffered_bytes - connection.counted_bytes + bytes;
    connection.counted_bytes = bytes;
}
