//! Who is at the other end of a connection.
//!
//! It never knows a socket or a token. Invariant: an identity is given once and never again in the life of
//! the process, so that a late reply can never reach a later tenant of the same slot.

use std::net::IpAddr;

/// A connection's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(u64);

impl std::fmt::Display for SessionId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "#{}", self.0)
    }
}

/// Gives out identities, counting up from 1.
#[derive(Debug, Default)]
pub struct SessionIds(u64);

impl SessionIds {
    pub fn give(&mut self) -> SessionId {
        self.0 += 1;
        SessionId(self.0)
    }
}

/// One end of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    /// The peer's address as its socket has it; an IPv4 address mapped into IPv6 is told as IPv4.
    pub address: IpAddr,
}
