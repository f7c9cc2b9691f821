//! Owns a connection to a running server: requests out, replies in. Never interprets either.
//! Invariant: each exchange ends within its time limit, and holds no more of a reply than its limit of bytes.

use crate::command::host_and_port;
use crate::net;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

const TIMEOUT_MS: u64 = 10_000;
const REPLY_MAX_BYTES: usize = 64 * 1024 * 1024;
/// The name that old clients send; servers do not act on it.
const REQUEST_NAME: &str = "request.json";

pub struct Conversation {
    stream: TcpStream,
    address: String,
}

impl Conversation {
    pub fn open(host: &str, port: u16) -> Result<Conversation, String> {
        if port == 0 {
            return Err(
                "port 0 is no port to call: give the one that `start` printed, as in --port 55000".to_owned()
            );
        }
        let host = reachable(host);
        let address = host_and_port(host, port);
        let stream = connect(host, port, deadline()).map_err(|error| explain(&error, &address))?;
        Ok(Conversation { stream, address })
    }

    /// Sends a request and returns its reply.
    pub fn ask(&mut self, request: &[u8]) -> Result<Vec<u8>, String> {
        let deadline = deadline();
        let explained = |error: &io::Error| explain(error, &self.address);
        // A server that refuses a request may close before it has read it all; its reply says why.
        let sent = send(&mut self.stream, request, deadline);
        match read_reply(&mut self.stream, deadline) {
            Err(error) => Err(explained(&sent.err().unwrap_or(error))),
            Ok(reply) => Ok(reply),
        }
    }

    /// Sends what has no reply. Returns one all the same where the server had something to say.
    pub fn tell(mut self, request: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let deadline = deadline();
        let told = send(&mut self.stream, request, deadline)
            .and_then(|()| self.stream.shutdown(Shutdown::Write))
            .and_then(|()| read_reply(&mut self.stream, deadline));
        match told {
            Ok(reply) => Ok(Some(reply)),
            // It has read everything, and closes.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(explain(&error, &self.address)),
        }
    }
}

fn deadline() -> Instant {
    Instant::now() + Duration::from_millis(TIMEOUT_MS)
}

fn send(stream: &mut TcpStream, request: &[u8], deadline: Instant) -> io::Result<()> {
    let mut frame = Vec::new();
    net::encode_request(REQUEST_NAME, request, &mut frame);
    stream.set_write_timeout(Some(remaining(deadline)?))?;
    stream.write_all(&frame)
}

/// A server that listens everywhere is called on this machine.
fn reachable(host: &str) -> &str {
    match host {
        "0.0.0.0" => "127.0.0.1",
        "::" => "::1",
        host => host,
    }
}

fn connect(host: &str, port: u16, deadline: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::new(ErrorKind::NotFound, "the name has no address");
    let addresses: Vec<SocketAddr> = (host, port).to_socket_addrs()?.collect();
    for address in addresses {
        match TcpStream::connect_timeout(&address, remaining(deadline)?) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn remaining(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

fn read_reply(stream: &mut TcpStream, deadline: Instant) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    read_all(stream, &mut length, deadline)?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > REPLY_MAX_BYTES {
        let message = format!("a reply of {length} bytes was announced, more than {REPLY_MAX_BYTES}");
        return Err(io::Error::new(ErrorKind::InvalidData, message));
    }
    // Grows with what arrives, not with what was promised.
    let mut reply = Vec::new();
    let mut piece = [0; 64 * 1024];
    while reply.len() < length {
        let want = piece.len().min(length - reply.len());
        let Some(room) = piece.get_mut(..want) else { break };
        read_all(stream, room, deadline)?;
        reply.extend_from_slice(room);
    }
    Ok(reply)
}

fn read_all(stream: &mut TcpStream, mut room: &mut [u8], deadline: Instant) -> io::Result<()> {
    while !room.is_empty() {
        stream.set_read_timeout(Some(remaining(deadline)?))?;
        match stream.read(room) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => room = room.get_mut(read..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn explain(error: &io::Error, address: &str) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => {
            format!(
                "nobody listens on {address}: is the server running? \
                 try `medsrv start`, or correct --host and --port"
            )
        }
        ErrorKind::TimedOut | ErrorKind::WouldBlock => {
            format!("{address} did not answer within {} s; see the server's log", TIMEOUT_MS / 1000)
        }
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
            format!("{address} closed the connection without a whole reply; see the server's log")
        }
        ErrorKind::InvalidData => format!("{address}: {error}; is it a medsrv server?"),
        _ => format!("cannot call {address}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// Answers one connection with these bytes after reading `expected_bytes`, and returns what was read.
    fn answer(expected_bytes: usize, reply: Vec<u8>) -> (u16, std::thread::JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = vec![0; expected_bytes];
            stream.read_exact(&mut request).unwrap();
            stream.write_all(&reply).unwrap();
            request
        });
        (port, server)
    }

    fn exchange(host: &str, port: u16, request: &[u8]) -> Result<Vec<u8>, String> {
        Conversation::open(host, port)?.ask(request)
    }

    #[test]
    fn a_request_is_framed_and_its_reply_read() {
        let (port, server) = answer(4 + 12 + 4 + 2, b"\0\0\0\x04null".to_vec());
        assert_eq!(exchange("0.0.0.0", port, b"{}").unwrap(), b"null");
        assert_eq!(server.join().unwrap(), b"\0\0\0\x0crequest.json\0\0\0\x02{}");
    }

    #[test]
    fn what_has_no_reply_is_sent_and_the_end_waited_for() {
        let (port, server) = answer(22, Vec::new());
        assert_eq!(Conversation::open("127.0.0.1", port).unwrap().tell(b"{}"), Ok(None));
        server.join().unwrap();
        let (port, server) = answer(22, b"\0\0\0\x04null".to_vec());
        let told = Conversation::open("127.0.0.1", port).unwrap().tell(b"{}");
        assert_eq!(told, Ok(Some(b"null".to_vec())));
        server.join().unwrap();
    }

    #[test]
    fn what_goes_wrong_is_explained() {
        assert!(exchange("127.0.0.1", 0, b"").unwrap_err().contains("port 0"));
        let refused = explain(&ErrorKind::ConnectionRefused.into(), "127.0.0.1:55000");
        assert!(refused.contains("is the server running?"), "{refused}");
        for (reply, expected) in [
            (&b"\0\0\0\x09cut"[..], "closed the connection without a whole reply"),
            (b"", "closed the connection without a whole reply"),
            (b"HTTP/1.1 400", "is it a medsrv server?"),
        ] {
            let (port, server) = answer(22, reply.to_vec());
            let problem = exchange("127.0.0.1", port, b"{}").unwrap_err();
            assert!(problem.contains(expected), "{problem}");
            server.join().unwrap();
        }
    }
}
