//! What the loop asks of whoever knows what the bytes mean.
//!
//! No logic. Invariant: nothing in here names what lies above the sockets.

use super::Limits;
use super::counters::Counters;
use super::frame::{FrameError, Request};
use crate::session::{Session, SessionId};
use std::time::{Duration, Instant};

/// What becomes of a connection after a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Keep,
    /// The same, and the listeners go along with the reply: whoever gets it can let others in by them. Only for a
    /// request that has come by `Door::Admin`.
    Attach,
    /// Close once this long has passed without a further request.
    Linger(Duration),
    /// Send what is there, then close.
    Close,
    /// Nothing was appended: the request stays where it is, and is asked again when it is `Place::Alone`.
    Later,
    /// Nothing was appended: the request stays where it is, and is asked again, in a turn, once `woken` has named
    /// its session. Nothing behind it is dispatched meanwhile, and the peer may take its time.
    Wait,
}

/// How the loop ends once it has been asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Nobody goes on with what is not served.
    Stop,
    /// Another process has the listeners, and lets those in who come from now on.
    HandOver,
}

/// When a request is dispatched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Among the others of a turn.
    InTurn,
    /// After the turn's commit, before anything of the next one; one request a turn has this place.
    Alone,
}

/// Where a connection has come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The port, for whoever is served.
    Clients,
    /// The socket of whoever administers the server; the same frames.
    Admin,
    /// The port for the metrics; the head of an HTTP request, and an answer without a frame.
    Metrics,
}

/// How a request has come.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    pub door: Door,
    pub place: Place,
    /// When the last of it was received.
    pub since: Instant,
    /// What the loop has counted so far.
    pub counters: &'a Counters,
}

/// A turn whose replies have left.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// When its events were there.
    pub began: Instant,
    /// When its replies had been handed to the system.
    pub flushed: Instant,
}

/// What a handler could make of its part of the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitOutcome {
    /// All that this turn's replies report is durable.
    Durable,
    /// Nothing of this turn is; its replies are taken back and the next turn starts afresh.
    Lost,
    /// As `Lost`, and there is no next turn: the store cannot be trusted any longer.
    Fatal,
}

/// What work that nobody waits for has left to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    Nothing,
    /// There is some that waits for an idle moment.
    AwaitsIdle,
    /// There is more now: the next turn does not wait for events.
    Pending,
}

/// Why the loop itself turns a peer away; the handler finds the words for the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("it announces {0}")]
    Frame(FrameError),
    #[error("limits.connections_max is reached")]
    TooManyConnections,
    #[error("limits.connections_per_address_max is reached")]
    TooManyFromAddress,
    #[error("limits.buffered_max_bytes is reached, and this connection holds much of it")]
    BuffersFull,
    #[error("its reply is over limits.output_max_bytes")]
    ReplyTooLarge,
}

/// What the bytes mean.
pub trait Handler {
    /// Answers a request by appending the reply's data to `output`; appending nothing sends nothing.
    fn request(
        &mut self,
        session: &Session,
        request: Request<'_>,
        arrival: Arrival<'_>,
        output: &mut Vec<u8>,
    ) -> Verdict;
    /// Makes durable what this turn's requests wrote. None of their replies has left yet.
    fn commit(&mut self) -> CommitOutcome;
    /// After a lost turn: appends the data to send in the place of one reply that the session was given in it,
    /// `withdrawn`; appending nothing sends nothing. It is called for each such reply, in order.
    fn retract(&mut self, session: &Session, withdrawn: &[u8], output: &mut Vec<u8>);
    /// After a turn that is durable: calls `deliver` for each frame that is to be sent to a session besides the
    /// replies, in order. What is for a session that is gone or is being closed is dropped, and a session that
    /// does not read what it is sent is closed.
    fn push(&mut self, _deliver: &mut dyn FnMut(SessionId, &[u8])) {}
    /// Appends the data of a frame that tells a peer why the loop turns it away.
    fn refuse(&mut self, session: &Session, refusal: Refusal, output: &mut Vec<u8>);
    /// The operator asks for the configuration to be read again.
    fn reload(&mut self) {}
    /// The operator asks for the log to be opened anew.
    fn reopen(&mut self) {}
    /// The operator asks for the log to say how all is.
    fn report(&mut self, _counters: &Counters) {}
    /// Once after they have changed: what the loop allows from now on.
    fn new_limits(&mut self) -> Option<Limits> {
        None
    }
    /// Asked of each connection that has asked for something, after the limits have changed: whether that is
    /// served to it still. One that is not served any longer is closed.
    fn serves(&self, _session: &Session) -> bool {
        true
    }
    /// The end has been asked for, and begins: nobody is let in any longer.
    fn ending(&mut self) {}
    /// From then on the loop ends, as after a signal that asks for it, or for another process.
    fn wants_end(&self) -> Option<End> {
        None
    }
    /// The turn's replies have left. None of its requests is spoken of again.
    fn flushed(&mut self, _turn: Turn) {}
    /// Work that nobody waits for, after the replies have left; `idle` says that nothing came for a while.
    fn background(&mut self, idle: bool) -> Background;
    /// After `background`, until it says `None`: the next session whose waiting request is to be asked again.
    fn woken(&mut self) -> Option<SessionId> {
        None
    }
    /// When `background` is to be called even though nothing arrives. One that has passed lets no turn wait, so
    /// `background` has to move it on.
    fn alarm(&self) -> Option<Instant> {
        None
    }
    /// A connection is gone, for whatever reason. No request of it is asked again, and nothing reaches it.
    fn closed(&mut self, session: SessionId);
}
