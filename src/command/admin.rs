//! Owns a question to the running server by the operator's socket. Never interprets an answer.
//! Invariant: a question ends within its time, whatever is at the other end.

use crate::net;
use crate::ops::admin_socket;
use crate::ops::pidfile::{self, PidFileError, State};
use crate::server::admin::NO_PLACE;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::json;
use std::io::{self, ErrorKind, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// A server that is well answers within a turn.
const TIMEOUT_MS: u64 = 2000;
const REPLY_MAX_BYTES: usize = 16 * 1024 * 1024;
/// A server gives two at most.
const SOCKETS_MAX: usize = 4;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Nobody listens there: no server runs, or it could not make its socket.
    #[error("the admin socket {path} does not answer: {reason}")]
    Unreachable { path: String, reason: io::Error },
    /// Somebody is there, but says nothing that could be made out.
    #[error("the server does not answer at {path}: {reason}")]
    Mute { path: String, reason: String },
    /// What the server says instead.
    #[error("{}", .0.message)]
    Refused(Refusal),
}

impl AdminError {
    /// Whether the server runs, but has no ear for one more.
    pub fn is_no_place(&self) -> bool {
        matches!(self, AdminError::Refused(refusal) if refusal.data.code == NO_PLACE)
    }
}

/// An error of the server's.
#[derive(Debug, Deserialize)]
pub struct Refusal {
    pub message: String,
    #[serde(default)]
    pub data: Details,
}

#[derive(Debug, Default, Deserialize)]
pub struct Details {
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub mistakes: Vec<String>,
}

#[derive(Deserialize)]
struct Reply<T> {
    result: Option<T>,
    error: Option<Refusal>,
}

/// What the pid file says of its server. Where it says of none that runs, whoever listens beside it is asked before that
/// is believed: a server that is spoken to looks after its pid file.
pub fn find(pid_file: &Path) -> Result<State, PidFileError> {
    let state = pidfile::inspect(pid_file)?;
    let runs = |state: &State| matches!(state, State::Running { .. });
    if runs(&state) {
        return Ok(state);
    }
    // One that says nothing, or has no ear for one more, is there all the same.
    if let Err(AdminError::Unreachable { .. }) = ask::<IgnoredAny>(pid_file, "server.status") {
        return Ok(state);
    }
    let state = pidfile::inspect(pid_file)?;
    if runs(&state) {
        return Ok(state);
    }
    Err(PidFileError::Unfit {
        path: pid_file.display().to_string(),
        problem: "is not that of the server that listens beside it; remove it, and the server writes its own"
            .into(),
    })
}

/// Calls a method of the server that has this pid file.
pub fn ask<T: DeserializeOwned>(pid_file: &Path, method: &str) -> Result<T, AdminError> {
    ask_for_sockets(pid_file, method).map(|(result, _)| result)
}

/// The same, for a method with whose answer sockets come along.
pub fn ask_for_sockets<T: DeserializeOwned>(
    pid_file: &Path,
    method: &str,
) -> Result<(T, Vec<OwnedFd>), AdminError> {
    let path = admin_socket::beside(pid_file);
    let shown = path.display().to_string();
    let stream = UnixStream::connect(&path)
        .map_err(|reason| AdminError::Unreachable { path: shown.clone(), reason })?;
    let mute = |reason: String| AdminError::Mute { path: shown.clone(), reason };
    let (reply, sockets) = exchange(stream, method).map_err(|error| mute(explain(&error)))?;
    let reply: Reply<T> = serde_json::from_slice(&reply).map_err(|error| mute(error.to_string()))?;
    match (reply.result, reply.error) {
        (Some(result), _) => Ok((result, sockets)),
        (None, Some(refusal)) => Err(AdminError::Refused(refusal)),
        (None, None) => Err(mute("neither a result nor an error came".to_owned())),
    }
}

fn explain(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => format!("nothing came within {} s", TIMEOUT_MS / 1000),
        ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => {
            "it has closed the connection, as one that ends does; try again".to_owned()
        }
        _ => error.to_string(),
    }
}

fn exchange(mut stream: UnixStream, method: &str) -> io::Result<(Vec<u8>, Vec<OwnedFd>)> {
    let deadline = Instant::now() + Duration::from_millis(TIMEOUT_MS);
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": method}).to_string();
    let mut frame = Vec::new();
    net::encode_request("admin", request.as_bytes(), &mut frame);
    stream.set_write_timeout(Some(Duration::from_millis(TIMEOUT_MS)))?;
    let sent = stream.write_all(&frame);
    // Whoever is turned away is told why before anything is heard of them.
    receive_reply(&stream, deadline).map_err(|error| sent.err().unwrap_or(error))
}

fn receive_reply(stream: &UnixStream, deadline: Instant) -> io::Result<(Vec<u8>, Vec<OwnedFd>)> {
    let (mut received, mut sockets) = (Vec::new(), Vec::new());
    let mut piece = [0; 16 * 1024];
    loop {
        let decoded = net::decode_reply(&received, REPLY_MAX_BYTES);
        if let Some((data, _)) = decoded.map_err(|error| io::Error::other(error.to_string()))? {
            return Ok((data.to_vec(), sockets));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match receive(stream, &mut piece, &mut sockets) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => received.extend_from_slice(piece.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Reads what is there, and takes the sockets that have come along.
fn receive(stream: &UnixStream, piece: &mut [u8], sockets: &mut Vec<OwnedFd>) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SOCKETS_MAX))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC;
    let received = recvmsg(stream, &mut [IoSliceMut::new(piece)], &mut control, flags)?;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            sockets.extend(descriptors);
        }
    }
    Ok(received.bytes)
}
