//! One socket, its two buffers, and where it stands between accept and close.
//!
//! It never knows the poll, the slab or what bytes mean. Invariant: unsent output is bounded, since a
//! connection with more than `OUTPUT_PAUSE_BYTES` of it is neither read nor dispatched, and one with more than
//! `output_soft_max_bytes` of it is closed rather than pushed to.

use super::counters::CloseReason;
use super::frame::{Form, Inbox};
use super::handler::Door;
use super::stream::Stream;
use super::{
    BUFFER_KEPT_BYTES, ENDING, Limits, OUTPUT_PAUSE_BYTES, READ_PER_TURN_BYTES, WRITE_PER_TURN_BYTES,
};
use crate::session::Session;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Requests are read and answered.
    Serving,
    /// Nothing more is read; what is in the output buffer is sent, then the sending side is closed.
    Ending,
    /// The sending side is closed. Bytes still arriving are dropped, so that the kernel does not reset the
    /// connection and take the last reply from under the client.
    Discarding,
    /// To be swept at the end of this turn.
    Dead,
}

/// What the first request in the inbox waits for; nothing behind it may overtake it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    No,
    /// Its place after the turn's commit; the connection is on the reactor's deferred list.
    UntilAlone,
    /// The handler, which names the session when the request is to be asked again.
    UntilWoken,
}

/// What one read pass came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Received {
    /// The socket has nothing more for now.
    Drained,
    /// The turn's budget is spent; the socket may have more, and no new event will say so.
    More,
    /// The connection is beyond use.
    Broken,
}

/// What one write pass came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flushed {
    Done,
    /// The turn's budget is spent.
    More,
    /// The socket takes no more until it says that it is writable.
    Blocked,
    Broken,
}

pub(super) struct Connection {
    pub(super) stream: Stream,
    pub(super) door: Door,
    pub(super) session: Session,
    pub(super) state: State,
    pub(super) inbox: Inbox,
    pub(super) output: Vec<u8>,
    /// How much of `output` has been sent.
    sent: usize,
    /// True exactly when the socket may hold bytes that no further event will announce.
    pub(super) readable: bool,
    /// True exactly when the kernel has said that the peer will send no more, read or not.
    pub(super) read_closed: bool,
    /// True exactly when the kernel has said that nothing can be sent to the peer any more.
    pub(super) reset: bool,
    /// True exactly when end of file has been read.
    pub(super) peer_finished: bool,
    /// True exactly when the poll watches this socket for writability.
    pub(super) watches_writable: bool,
    /// True exactly when the last write found the socket full and no event has come since.
    pub(super) blocked: bool,
    /// True exactly when the connection is on the reactor's ready list.
    pub(super) queued: bool,
    pub(super) held: Held,
    /// True exactly when the connection is on the reactor's flush list.
    pub(super) touched: bool,
    /// True exactly when this connection was over a limit when it came.
    pub(super) over_limit: bool,
    /// Why it is closed, once the end has begun.
    pub(super) ending: CloseReason,
    /// Set by the first reply after which the connection is to close when nothing follows for this long.
    pub(super) linger: Option<Duration>,
    /// Length of `output` when this turn's first reply was appended.
    pub(super) turn_start: Option<usize>,
    /// Length of `output` when the loop's own refusal was appended in this turn, behind all replies.
    pub(super) refusal_start: Option<usize>,
    /// The deadline that the timers hold for this connection.
    pub(super) scheduled: Option<Instant>,
    /// Buffer bytes of this connection that the reactor has counted.
    pub(super) counted_bytes: usize,
    pub(super) requests: u64,
    /// True exactly when the listeners are to go along with what is sent next.
    pub(super) attaches: bool,
    /// When something was last received.
    pub(super) received_at: Instant,
    /// The last accept, request or end of sending an answer.
    active_at: Instant,
    /// True exactly when `output` holds an answer: the peer has not had the time to go on before it has left.
    answering: bool,
    /// When the first byte of an incomplete request came.
    request_since: Option<Instant>,
    /// When unsent output last made progress that counts against the write deadline.
    unsent_since: Option<Instant>,
}

impl Connection {
    pub(super) fn new(stream: Stream, door: Door, session: Session, now: Instant) -> Connection {
        let form = if door == Door::Metrics { Form::Head } else { Form::Frames };
        Connection {
            stream,
            door,
            session,
            state: State::Serving,
            inbox: Inbox::of(form),
            output: Vec::new(),
            sent: 0,
            readable: false,
            read_closed: false,
            reset: false,
            peer_finished: false,
            watches_writable: false,
            blocked: false,
            queued: false,
            held: Held::No,
            touched: false,
            over_limit: false,
            ending: CloseReason::Refused,
            linger: None,
            turn_start: None,
            refusal_start: None,
            scheduled: None,
            counted_bytes: 0,
            requests: 0,
            attaches: false,
            received_at: now,
            active_at: now,
            answering: false,
            request_since: None,
            unsent_since: None,
        }
    }

    pub(super) fn unsent_bytes(&self) -> usize {
        self.output.len() - self.sent
    }

    pub(super) fn buffer_bytes(&self) -> usize {
        self.inbox.capacity() + self.output.capacity()
    }

    /// Whether so much output waits that nothing more may be read or dispatched.
    pub(super) fn is_paused(&self) -> bool {
        self.unsent_bytes() >= OUTPUT_PAUSE_BYTES
    }

    /// Whether the socket is worth a read now. Whole requests that wait are dispatched first, so that the inbox
    /// never holds more than one read pass beside an unfinished request.
    pub(super) fn wants_read(&self, limits: &Limits) -> bool {
        match self.state {
            State::Serving => self.readable && !self.is_paused() && !self.inbox.has_next(&limits.frame),
            State::Discarding => self.readable,
            State::Ending | State::Dead => false,
        }
    }

    /// Whether a request, or a length that cannot be followed, is waiting and may be dispatched now.
    pub(super) fn has_request(&self, limits: &Limits) -> bool {
        self.state == State::Serving
            && self.held == Held::No
            && !self.is_paused()
            && self.inbox.has_next(&limits.frame)
    }

    /// Reads at most a turn's budget, through `scratch`, into the inbox or, once the end has begun, nowhere.
    pub(super) fn receive(&mut self, scratch: &mut [u8], now: Instant) -> Received {
        self.received_at = now;
        let mut budget = READ_PER_TURN_BYTES;
        while budget > 0 {
            let room = scratch.len().min(budget);
            let Some(piece) = scratch.get_mut(..room) else { return Received::More };
            match self.stream.read(piece) {
                Ok(0) => {
                    self.peer_finished = true;
                    self.readable = false;
                    return Received::Drained;
                }
                Ok(count) => {
                    if self.state == State::Serving {
                        self.inbox.push(piece.get(..count).unwrap_or_default());
                    }
                    budget -= count;
                    // A short read has emptied the socket, and what comes later brings a new event; only
                    // an end of file that came before it does not.
                    if count < room && !self.read_closed {
                        self.readable = false;
                        return Received::Drained;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.readable = false;
                    return Received::Drained;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Received::Broken,
            }
        }
        Received::More
    }

    /// Sends at most a turn's budget of the output.
    pub(super) fn flush(&mut self, limits: &Limits, listeners: &[BorrowedFd<'_>], now: Instant) -> Flushed {
        let mut budget = WRITE_PER_TURN_BYTES;
        while self.unsent_bytes() > 0 {
            if budget == 0 {
                self.drop_sent();
                return Flushed::More;
            }
            let end = self.output.len().min(self.sent + budget);
            let piece = self.output.get(self.sent..end).unwrap_or_default();
            let written = match self.attaches {
                true => self.stream.write_with(piece, listeners),
                false => self.stream.write(piece),
            };
            match written {
                Ok(0) => return Flushed::Broken,
                Ok(count) => {
                    self.attaches = false;
                    self.sent += count;
                    budget -= count;
                    if self.unsent_bytes() <= limits.output_soft_max_bytes {
                        self.unsent_since = Some(now);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.blocked = true;
                    self.unsent_since.get_or_insert(now);
                    self.drop_sent();
                    return Flushed::Blocked;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Flushed::Broken,
            }
        }
        if self.answering {
            self.active_at = now;
            self.answering = false;
        }
        self.output.clear();
        self.sent = 0;
        self.unsent_since = None;
        if self.output.capacity() > BUFFER_KEPT_BYTES {
            self.output = Vec::new();
        }
        Flushed::Done
    }

    /// Gives back what has been sent, once it is the larger part: a reader who is never quite up to date
    /// would make the buffer grow without end.
    fn drop_sent(&mut self) {
        if self.sent > self.unsent_bytes() {
            self.output.drain(..self.sent);
            self.sent = 0;
            self.output.shrink_to(2 * self.output.len().max(BUFFER_KEPT_BYTES));
        }
    }

    /// Whether something was answered so lately that the peer may be sending still.
    pub(super) fn is_active(&self, now: Instant) -> bool {
        self.requests > 0 && now < self.active_at + ENDING
    }

    /// Notes, after a dispatch pass, whether an incomplete request is waiting and since when.
    pub(super) fn note_progress(&mut self, taken: u64, limits: &Limits, now: Instant) {
        self.inbox.compact(BUFFER_KEPT_BYTES);
        self.requests += taken;
        if taken > 0 {
            self.active_at = now;
            self.answering = true;
            self.request_since = None;
        }
        // A whole request that waits for its turn is not the peer's slowness.
        if self.inbox.is_empty() || self.inbox.has_next(&limits.frame) {
            self.request_since = None;
        } else {
            self.request_since.get_or_insert(now);
        }
    }

    /// Notes that the output has got a frame that no request of this peer asked for. The peer has done nothing;
    /// how long it may take to read that begins now.
    pub(super) fn note_push(&mut self, now: Instant) {
        if self.unsent_bytes() > 0 {
            self.unsent_since.get_or_insert(now);
        }
    }

    /// Lets the request that waited for the handler be dispatched again. Returns whether there was one. The time
    /// that it waited was not the peer's.
    pub(super) fn wake(&mut self, now: Instant) -> bool {
        if self.state != State::Serving || self.held != Held::UntilWoken {
            return false;
        }
        self.held = Held::No;
        self.active_at = now;
        true
    }

    /// Whether nobody is there any more for whom the handler is at work. A peer that has only closed its
    /// sending side may still read the reply.
    pub(super) fn waits_in_vain(&self) -> bool {
        self.held == Held::UntilWoken && self.reset
    }

    /// Lets nothing more in: what is in the output buffer is the last that the peer gets.
    pub(super) fn end(&mut self, now: Instant, reason: CloseReason) {
        self.state = State::Ending;
        self.ending = reason;
        self.inbox.clear();
        self.active_at = now;
        self.answering = true;
    }

    /// Closes the sending side and goes on dropping what arrives.
    pub(super) fn discard(&mut self) -> io::Result<()> {
        self.state = State::Discarding;
        self.readable = true;
        self.stream.shutdown(Shutdown::Write)
    }

    /// When this connection is to be closed if nothing happens, and why; never while the handler owes it a
    /// reply and it has read all others.
    pub(super) fn deadline(&self, limits: &Limits) -> Option<(Instant, CloseReason)> {
        let serving = self.state == State::Serving;
        let sending_until = self.unsent_since.unwrap_or(self.active_at) + limits.write;
        let deadline = if self.unsent_bytes() > 0 && serving {
            (sending_until, CloseReason::StalledWrite)
        } else if self.unsent_bytes() > 0 && self.ending == CloseReason::SlowReader {
            (sending_until, self.ending)
        } else if !serving {
            (self.active_at + ENDING, self.ending)
        } else if self.held == Held::UntilWoken {
            return None;
        } else if self.inbox.has_next(&limits.frame) {
            // A whole request waits for us, not we for the peer.
            (self.active_at + limits.idle, CloseReason::Idle)
        } else if let Some(since) = self.request_since {
            (since + limits.frame_deadline, CloseReason::SlowRequest)
        } else if let Some(linger) = self.linger {
            (self.active_at + linger, CloseReason::Lingered)
        } else if self.requests == 0 {
            (self.active_at + limits.silent, CloseReason::Silent)
        } else {
            (self.active_at + limits.idle, CloseReason::Idle)
        };
        Some(deadline)
    }
}
