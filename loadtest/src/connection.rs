//! Owns one connection of the tool: its socket, its buffers, and which requests wait for a reply.
//!
//! It never knows the poll's order, what a request means or what is measured. Invariant: the requests in
//! `waiting` are those whose frames are in `output` or were sent, in that order.

use medsrv::net::decode_reply;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// A reply that announces more than this is no reply of medsrv.
const REPLY_MAX_BYTES: usize = 64 * 1024 * 1024;
/// An empty buffer with more room than this gives it back.
const BUFFER_KEPT_BYTES: usize = 64 * 1024;

/// The time of a run, in nanoseconds from its start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    pub(crate) fn start() -> Clock {
        Clock { start: Instant::now() }
    }

    pub(crate) fn now_ns(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Makes sockets, from each source address in turn.
pub(crate) struct Connector {
    target: SocketAddr,
    sources: Vec<IpAddr>,
    next: usize,
}

impl Connector {
    pub(crate) fn new(target: SocketAddr, sources: &[IpAddr]) -> Connector {
        Connector { target, sources: sources.to_owned(), next: 0 }
    }

    fn connect(&mut self) -> io::Result<TcpStream> {
        let Some(source) = self.sources.get(self.next % self.sources.len().max(1)) else {
            return TcpStream::connect(self.target);
        };
        self.next += 1;
        let family = if self.target.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(family, SocketType::STREAM, flags, None)?;
        bind(&socket, &SocketAddr::new(*source, 0))?;
        match connect(&socket, &self.target) {
            Ok(()) | Err(rustix::io::Errno::INPROGRESS) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(TcpStream::from_std(std::net::TcpStream::from(socket)))
    }
}

/// A request that was handed to a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiting {
    /// None for the call that makes the connection known, which is not counted.
    pub(crate) operation: Option<usize>,
    /// From when its latency counts.
    pub(crate) due_ns: u64,
    /// From when its patience counts.
    pub(crate) sent_ns: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Closed,
    /// The handshake may still be under way.
    Connecting,
    Open,
}

/// Why a connection is of no more use.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The peer has closed it.
    Ended,
    /// What came is no reply.
    Garbled,
    Failed(io::Error),
}

pub(crate) struct Connection {
    stream: Option<TcpStream>,
    pub(crate) state: State,
    pub(crate) waiting: VecDeque<Waiting>,
    /// Frames to send; the first `sent` bytes are sent.
    pub(crate) output: Vec<u8>,
    sent: usize,
    /// The beginning of a reply.
    inbox: Vec<u8>,
    /// Replies since it was opened.
    pub(crate) replies: u64,
    /// When it last got room for a request.
    pub(crate) free_since_ns: u64,
    /// True exactly when it is on the driver's list of connections with room.
    pub(crate) listed: bool,
    /// True exactly when it is on the driver's list of connections that rest.
    pub(crate) resting: bool,
}

impl Connection {
    pub(crate) fn new() -> Connection {
        Connection {
            stream: None,
            state: State::Closed,
            waiting: VecDeque::new(),
            output: Vec::new(),
            sent: 0,
            inbox: Vec::new(),
            replies: 0,
            free_since_ns: 0,
            listed: false,
            resting: false,
        }
    }

    /// Begins to connect.
    pub(crate) fn open(
        &mut self,
        connector: &mut Connector,
        registry: &Registry,
        token: Token,
    ) -> io::Result<()> {
        let mut stream = connector.connect()?;
        stream.set_nodelay(true)?;
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        self.stream = Some(stream);
        self.state = State::Connecting;
        Ok(())
    }

    /// Closes the socket, which also takes it out of the poll, and forgets what was to be sent or read.
    pub(crate) fn close(&mut self) {
        self.stream = None;
        self.state = State::Closed;
        self.output.clear();
        self.sent = 0;
        self.inbox.clear();
        self.replies = 0;
    }

    /// Whether the handshake is done, asked after an event.
    pub(crate) fn settle(&mut self) -> Result<(), Broken> {
        let (State::Connecting, Some(stream)) = (self.state, &self.stream) else { return Ok(()) };
        if let Some(error) = stream.take_error().map_err(Broken::Failed)? {
            return Err(Broken::Failed(error));
        }
        if stream.peer_addr().is_ok() {
            self.state = State::Open;
        }
        Ok(())
    }

    /// Sends what the socket takes; an event tells when it takes more.
    pub(crate) fn flush(&mut self) -> Result<(), Broken> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        while self.sent < self.output.len() {
            match stream.write(self.output.get(self.sent..).unwrap_or_default()) {
                Ok(0) => return Err(Broken::Ended),
                Ok(count) => {
                    self.sent += count;
                    self.state = State::Open;
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Broken::Failed(error)),
            }
        }
        self.output.clear();
        self.sent = 0;
        Ok(())
    }

    /// Reads what is there, and hands each reply to `sink` with the request that it answers and the time at
    /// which it was read. `ends` says that an event told of the peer's end.
    pub(crate) fn receive(
        &mut self,
        scratch: &mut [u8],
        ends: bool,
        clock: &Clock,
        sink: &mut impl FnMut(Waiting, &[u8], u64),
    ) -> Result<(), Broken> {
        loop {
            let Some(stream) = &mut self.stream else { return Ok(()) };
            match stream.read(scratch) {
                Ok(0) => return Err(Broken::Ended),
                Ok(count) => {
                    self.state = State::Open;
                    self.take(scratch.get(..count).unwrap_or_default(), clock.now_ns(), sink)?;
                    // A short read has emptied the socket; what comes later brings a new event.
                    if count < scratch.len() && !ends {
                        return Ok(());
                    }
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Broken::Failed(error)),
            }
        }
    }

    /// Cuts replies from `piece`, which is copied only where it ends inside one.
    fn take(
        &mut self,
        piece: &[u8],
        now_ns: u64,
        sink: &mut impl FnMut(Waiting, &[u8], u64),
    ) -> Result<(), Broken> {
        let Connection { waiting, inbox, replies, .. } = self;
        let mut cut = |bytes: &[u8]| {
            let mut start = 0;
            loop {
                let rest = bytes.get(start..).unwrap_or_default();
                match decode_reply(rest, REPLY_MAX_BYTES) {
                    Ok(Some((data, length))) => {
                        start += length;
                        *replies += 1;
                        // A reply that nothing asked for is the server's word before it closes.
                        if let Some(request) = waiting.pop_front() {
                            sink(request, data, now_ns);
                        }
                    }
                    Ok(None) => return Ok(start),
                    Err(_) => return Err(Broken::Garbled),
                }
            }
        };
        if inbox.is_empty() {
            let taken = cut(piece)?;
            inbox.extend_from_slice(piece.get(taken..).unwrap_or_default());
            return Ok(());
        }
        inbox.extend_from_slice(piece);
        let taken = cut(inbox)?;
        inbox.drain(..taken);
        if inbox.is_empty() && inbox.capacity() > BUFFER_KEPT_BYTES {
            *inbox = Vec::new();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_cut_however_they_arrive() {
        let wire: Vec<u8> = ["one", "", "three"]
            .iter()
            .flat_map(|text| [&[0, 0, 0, text.len() as u8], text.as_bytes()].concat())
            .collect();
        for split in 0..=wire.len() {
            let mut connection = Connection::new();
            connection.waiting.extend((0..3).map(|operation| Waiting {
                operation: Some(operation),
                due_ns: 0,
                sent_ns: 0,
            }));
            let mut got = Vec::new();
            for piece in [&wire[..split], &wire[split..]] {
                let mut sink = |request: Waiting, data: &[u8], _| {
                    got.push((request.operation.unwrap(), data.to_owned()))
                };
                connection.take(piece, 0, &mut sink).unwrap();
            }
            assert_eq!(got, [(0, b"one".to_vec()), (1, Vec::new()), (2, b"three".to_vec())], "{split}");
            assert!(connection.waiting.is_empty() && connection.inbox.is_empty());
        }
        let garbled = Connection::new().take(b"HTTP/1.1 400", 0, &mut |_, _, _| {});
        assert!(matches!(garbled, Err(Broken::Garbled)));
    }
}
