//! What the loop counts, as plain numbers.
//!
//! It never knows who reads them. Invariant: counting allocates nothing and cannot fail; totals only grow.

use super::handler::Refusal;

/// Why a connection was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    ByPeer,
    Broken,
    Silent,
    SlowRequest,
    Idle,
    Lingered,
    StalledWrite,
    /// It was to be pushed to while too much was still waiting for it.
    SlowReader,
    Refused,
    /// What it asked for is not served to its network any longer.
    Revoked,
    /// It has got the one reply that such a connection gets.
    Answered,
    ShuttingDown,
}

impl CloseReason {
    pub const ALL: [CloseReason; 12] = [
        CloseReason::ByPeer,
        CloseReason::Broken,
        CloseReason::Silent,
        CloseReason::SlowRequest,
        CloseReason::Idle,
        CloseReason::Lingered,
        CloseReason::StalledWrite,
        CloseReason::SlowReader,
        CloseReason::Refused,
        CloseReason::Revoked,
        CloseReason::Answered,
        CloseReason::ShuttingDown,
    ];

    pub fn word(self) -> &'static str {
        match self {
            CloseReason::ByPeer => "by_peer",
            CloseReason::Broken => "broken",
            CloseReason::Silent => "silent",
            CloseReason::SlowRequest => "slow_request",
            CloseReason::Idle => "idle",
            CloseReason::Lingered => "lingered",
            CloseReason::StalledWrite => "stalled_write",
            CloseReason::SlowReader => "slow_reader",
            CloseReason::Refused => "refused",
            CloseReason::Revoked => "revoked",
            CloseReason::Answered => "answered",
            CloseReason::ShuttingDown => "shutting_down",
        }
    }
}

/// Why a connection was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    TooMany,
    TooManyFromAddress,
    BuffersFull,
    BadFrame,
    /// Too many were being told already why they are turned away.
    Untold,
}

impl Rejection {
    pub const ALL: [Rejection; 5] = [
        Rejection::TooMany,
        Rejection::TooManyFromAddress,
        Rejection::BuffersFull,
        Rejection::BadFrame,
        Rejection::Untold,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Rejection::TooMany => "too_many",
            Rejection::TooManyFromAddress => "too_many_from_address",
            Rejection::BuffersFull => "buffers_full",
            Rejection::BadFrame => "bad_frame",
            Rejection::Untold => "untold",
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Connections of clients that are served now, and the most that were.
    pub connections: usize,
    pub connections_peak: usize,
    /// How many may be.
    pub connections_max: usize,
    /// Connections of clients that were let in.
    pub accepted: u64,
    /// All connections' buffers together.
    pub buffered_bytes: usize,
    rejected: [u64; Rejection::ALL.len()],
    closed: [u64; CloseReason::ALL.len()],
}

impl Counters {
    pub(super) fn new(connections_max: usize) -> Counters {
        Counters { connections_max, ..Counters::default() }
    }

    pub fn rejected(&self) -> impl Iterator<Item = (Rejection, u64)> {
        Rejection::ALL.into_iter().zip(self.rejected)
    }

    pub fn closed(&self) -> impl Iterator<Item = (CloseReason, u64)> {
        CloseReason::ALL.into_iter().zip(self.closed)
    }

    pub(super) fn let_in(&mut self, connections: usize) {
        self.accepted += 1;
        self.connections = connections;
        self.connections_peak = self.connections_peak.max(connections);
    }

    pub(super) fn reject(&mut self, rejection: Rejection) {
        if let Some(count) = self.rejected.get_mut(rejection as usize) {
            *count += 1;
        }
    }

    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.reject(match refusal {
            Refusal::TooManyConnections => Rejection::TooMany,
            Refusal::TooManyFromAddress => Rejection::TooManyFromAddress,
            Refusal::BuffersFull => Rejection::BuffersFull,
            Refusal::Frame(_) | Refusal::ReplyTooLarge => Rejection::BadFrame,
        });
    }

    pub(super) fn close(&mut self, reason: CloseReason) {
        if let Some(count) = self.closed.get_mut(reason as usize) {
            *count += 1;
        }
    }
}
