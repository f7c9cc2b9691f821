//! What the loop asks of whoever knows what the bytes mean.
//!
//! No logic. Invariant: nothing in here names what lies above the sockets.

use super::frame::{FrameError, Request};
use crate::session::{Session, SessionId};
use std::time::Duration;

/// What becomes of a connection after a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Keep,
    /// Close once this long has passed without a further request.
    Linger(Duration),
    /// Send what is there, then close.
    Close,
    /// Nothing was appended: the request stays where it is, and is asked again when it is `Place::Alone`.
    Later,
}

/// When a request is dispatched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Among the others of a turn.
    InTurn,
    /// After the turn's commit, before anything of the next one; one request a turn has this place.
    Alone,
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
        place: Place,
        output: &mut Vec<u8>,
    ) -> Verdict;
    /// Makes durable what this turn's requests wrote. None of their replies has left yet.
    fn commit(&mut self) -> CommitOutcome;
    /// After a lost turn: calls `reply` once for each reply that this session was given in it, in order,
    /// with the data to send in its place.
    fn retract(&mut self, session: &Session, reply: &mut dyn FnMut(&[u8]));
    /// Appends the data of a frame that tells a peer why the loop turns it away.
    fn refuse(&mut self, refusal: Refusal, output: &mut Vec<u8>);
    /// The operator asks for the log to be opened anew and the configuration to be read again.
    fn reload(&mut self);
    /// Work that nobody waits for, after the replies have left; `idle` says that nothing came for a while.
    /// Returns whether there is some that waits for such a moment.
    fn background(&mut self, idle: bool) -> bool;
    /// A connection is gone, for whatever reason.
    fn closed(&mut self, session: SessionId);
}
