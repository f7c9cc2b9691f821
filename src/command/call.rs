//! Owns one request to a running server and the showing of its reply. Never interprets a request.
//! Invariant: it ends within its time limit, and holds no more of a reply than its limit of bytes.

use super::{Common, complain, exit, host_and_port, say};
use crate::net;
use serde_json::Value;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

const TIMEOUT_MS: u64 = 10_000;
const REPLY_MAX_BYTES: usize = 64 * 1024 * 1024;
const REQUEST_MAX_BYTES: u64 = 64 * 1024 * 1024;
/// The name that old clients send; servers do not act on it.
const REQUEST_NAME: &str = "request.json";

pub fn run(common: &Common, request: &str) -> u8 {
    let loaded = match common.load() {
        Ok(loaded) => loaded,
        Err(exit_code) => return exit_code,
    };
    let server = &loaded.config.server;
    match read_request(request).and_then(|request| exchange(&server.host, server.port, &request)) {
        Ok(reply) => show(&reply),
        Err(problem) => {
            complain(problem);
            exit::FAILURE
        }
    }
}

fn read_request(argument: &str) -> Result<Vec<u8>, String> {
    if argument != "-" {
        return Ok(argument.as_bytes().to_owned());
    }
    let mut request = Vec::new();
    let read = io::stdin().lock().take(REQUEST_MAX_BYTES + 1).read_to_end(&mut request);
    read.map_err(|error| format!("the request cannot be read from standard input: {error}"))?;
    if request.len() as u64 > REQUEST_MAX_BYTES {
        return Err(format!("the request is longer than {REQUEST_MAX_BYTES} bytes"));
    }
    Ok(request)
}

fn exchange(host: &str, port: u16, request: &[u8]) -> Result<Vec<u8>, String> {
    if port == 0 {
        return Err(
            "port 0 is no port to call: give the one that `start` printed, as in --port 55000".to_owned()
        );
    }
    let deadline = Instant::now() + Duration::from_millis(TIMEOUT_MS);
    let host = reachable(host);
    let address = host_and_port(host, port);
    let failed = |error: io::Error| explain(&error, &address);
    let mut stream = connect(host, port, deadline).map_err(failed)?;
    let mut frame = Vec::new();
    net::encode_request(REQUEST_NAME, request, &mut frame);
    stream.set_write_timeout(Some(remaining(deadline).map_err(failed)?)).map_err(failed)?;
    // A server that refuses a request may close before it has read it all; its reply says why.
    let sent = stream.write_all(&frame);
    match read_reply(&mut stream, deadline) {
        Err(error) => Err(explain(&sent.err().unwrap_or(error), &address)),
        Ok(reply) => Ok(reply),
    }
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

/// Shows the reply, and says by the exit code whether it reports success.
fn show(reply: &[u8]) -> u8 {
    match serde_json::from_slice::<Value>(reply) {
        Ok(value) => {
            say(format_args!("{value:#}"));
            if is_success(&value) { exit::SUCCESS } else { exit::FAILURE }
        }
        Err(error) => {
            say(String::from_utf8_lossy(reply));
            complain(format_args!("the reply is not JSON: {error}"));
            exit::FAILURE
        }
    }
}

/// The old protocol has a status; JSON-RPC has a result, or a list of replies.
fn is_success(reply: &Value) -> bool {
    match reply {
        Value::Array(replies) => replies.iter().all(is_success),
        reply if reply.get("jsonrpc").is_some() => reply.get("result").is_some(),
        reply => {
            let succeeded = |value: &Value| value.get("status").is_some_and(|status| status == "success");
            // Appointments and look-ups say in their result whether they were carried out.
            let refused = reply
                .get("result")
                .is_some_and(|result| result.get("status").is_some() && !succeeded(result));
            succeeded(reply) && !refused
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
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

    #[test]
    fn a_request_is_framed_and_its_reply_read() {
        let (port, server) = answer(4 + 12 + 4 + 2, b"\0\0\0\x04null".to_vec());
        assert_eq!(exchange("0.0.0.0", port, b"{}").unwrap(), b"null");
        assert_eq!(server.join().unwrap(), b"\0\0\0\x0crequest.json\0\0\0\x02{}");
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

    #[test]
    fn success_is_told_from_failure_in_both_protocols() {
        for (reply, expected) in [
            (json!({"status": "success"}), true),
            (json!({"status": "error"}), false),
            (json!({"status": "success", "result": {"status": "error"}}), false),
            (json!({"status": "success", "result": {"status": "success"}}), true),
            (json!({"status": "success", "result": {"columns": []}}), true),
            (json!({"jsonrpc": "2.0", "id": 1, "result": null}), true),
            (json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -32000}}), false),
            (json!([{"jsonrpc": "2.0", "result": 1}, {"jsonrpc": "2.0", "error": {}}]), false),
            (json!("success"), false),
        ] {
            assert_eq!(is_success(&reply), expected, "{reply}");
        }
    }
}
