//! Where connections come in: a listener, and whether there may be more that no event will announce.
//!
//! It never knows who is let in. Invariant: once a listener has been announced, it is asked until it says that
//! there is nobody more; out of descriptors, it is asked again after a while.

use super::handler::Door;
use super::stream::Stream;
use super::{ACCEPT_PAUSE, ACCEPT_WARNING_INTERVAL};
use log::warn;
use mio::net::{TcpListener, UnixListener};
use mio::{Interest, Registry, Token};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

/// Whether new connections can be taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Accepting {
    /// The listener will announce the next one.
    Waiting,
    /// There may be more that no event will announce.
    Ready,
    /// Out of descriptors; the listener is tried again at this time.
    Paused(Instant),
}

pub(super) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    fn accept(&self) -> io::Result<(Stream, IpAddr)> {
        match self {
            Listener::Tcp(listener) => {
                listener.accept().map(|(stream, peer)| (Stream::Tcp(stream), peer.ip().to_canonical()))
            }
            // A peer on a Unix socket is on this machine.
            Listener::Unix(listener) => {
                let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
                listener.accept().map(|(stream, _)| (Stream::Unix(stream), here))
            }
        }
    }
}

pub(super) struct Entrance {
    pub(super) door: Door,
    listener: Listener,
    accepting: Accepting,
    warned_at: Option<Instant>,
}

impl Entrance {
    pub(super) fn open(registry: &Registry, door: Door, mut listener: Listener) -> io::Result<Entrance> {
        let token = token(door);
        match &mut listener {
            Listener::Tcp(listener) => registry.register(listener, token, Interest::READABLE)?,
            Listener::Unix(listener) => registry.register(listener, token, Interest::READABLE)?,
        }
        Ok(Entrance { door, listener, accepting: Accepting::Waiting, warned_at: None })
    }

    /// What another process can let clients in by.
    pub(super) fn listener(&self) -> Option<BorrowedFd<'_>> {
        match &self.listener {
            Listener::Tcp(listener) => Some(listener.as_fd()),
            Listener::Unix(_) => None,
        }
    }

    /// Lets nobody in any longer. The kernel would go on to tell the poll of those who come to a listener that
    /// another process has as well.
    pub(super) fn close(self, registry: &Registry) {
        // One that cannot be taken out of the poll makes for a turn that finds nothing.
        let _ = match self.listener {
            Listener::Tcp(mut listener) => registry.deregister(&mut listener),
            Listener::Unix(mut listener) => registry.deregister(&mut listener),
        };
    }

    /// The poll says that somebody is there.
    pub(super) fn announce(&mut self) {
        if self.accepting == Accepting::Waiting {
            self.accepting = Accepting::Ready;
        }
    }

    /// Whether there may be somebody whom no event will announce.
    pub(super) fn is_ready(&self) -> bool {
        self.accepting == Accepting::Ready
    }

    /// When it is to be tried again.
    pub(super) fn resumes_at(&self) -> Option<Instant> {
        match self.accepting {
            Accepting::Paused(until) => Some(until),
            Accepting::Waiting | Accepting::Ready => None,
        }
    }

    /// The next who comes in, with the address; nobody where there is none for now.
    pub(super) fn accept(&mut self, now: Instant) -> Option<(Stream, IpAddr)> {
        match self.accepting {
            Accepting::Waiting => return None,
            Accepting::Paused(until) if now < until => return None,
            _ => self.accepting = Accepting::Ready,
        }
        loop {
            match self.listener.accept() {
                Ok(accepted) => return Some(accepted),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.accepting = Accepting::Waiting;
                    return None;
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => {}
                Err(error) => {
                    self.pause(&error, now);
                    return None;
                }
            }
        }
    }

    /// Out of descriptors or memory: no event would tell when that is over, so a timer tries again.
    fn pause(&mut self, error: &io::Error, now: Instant) {
        self.accepting = Accepting::Paused(now + ACCEPT_PAUSE);
        if self.warned_at.is_none_or(|at| now >= at + ACCEPT_WARNING_INTERVAL) {
            self.warned_at = Some(now);
            warn!("cannot accept connections: {error}; trying again every {ACCEPT_PAUSE:?}");
        }
    }
}

/// The token under which a door's listener is polled.
pub(super) fn token(door: Door) -> Token {
    Token(match door {
        Door::Clients => 0,
        Door::Admin => 1,
        Door::Metrics => 2,
    })
}
