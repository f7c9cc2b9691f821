//! Owns what is said to a server before a run is measured: what it is to remember, and who the connections are.
//!
//! It never counts a request. Invariant: a run that needs a login has one on every kept connection before its
//! clock starts, or there is no run.

use super::Driver;
use super::setup::explained;
use crate::connection::{Broken, Waiting};
use crate::login::{Login, resume_frame, token};
use crate::plan::Plan;
use crate::population::PREPARED_CLERK;
use crate::reply::{self, Expect, Failure};
use crate::workload::Workload;
use medsrv::net::decode_reply;
use mio::Token;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const REPLY_MAX_BYTES: usize = 1024 * 1024;
const PIECE_BYTES: usize = 4096;
const POLL_TIMEOUT: Duration = Duration::from_millis(100);
const NO_CLERK: &str = ": the sample people of --demo and files of others have no such account, so let --prepare \
                        fill a file, or give another account with --login NAME:PASSWORD";

/// Why a run does not begin.
#[derive(Debug, thiserror::Error)]
pub enum BeforeError {
    #[error("{address} cannot be asked before the run: {reason}")]
    Socket { address: std::net::SocketAddr, reason: String },
    #[error("{username} cannot log in before the run: {reason}{hint}")]
    Login { username: String, reason: String, hint: &'static str },
    #[error("a connection cannot resume the session of {username}: {reason}")]
    Resume { username: String, reason: String },
    #[error("{name}, sent before the run: {reason}")]
    Rehearsal { name: String, reason: String },
}

/// One request after the other, waited for.
struct Dialogue<'a> {
    plan: &'a Plan,
    stream: TcpStream,
}

impl Dialogue<'_> {
    fn begin(plan: &Plan) -> Result<Dialogue<'_>, BeforeError> {
        let open = || {
            let stream = TcpStream::connect_timeout(&plan.address, plan.timeout)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(plan.timeout))?;
            stream.set_write_timeout(Some(plan.timeout))?;
            Ok(stream)
        };
        let stream = open().map_err(|error| failed(plan, &error))?;
        Ok(Dialogue { plan, stream })
    }

    fn ask(&mut self, frame: &[u8]) -> Result<Vec<u8>, BeforeError> {
        self.stream.write_all(frame).map_err(|error| failed(self.plan, &error))?;
        let (mut received, mut piece) = (Vec::new(), [0; PIECE_BYTES]);
        loop {
            match decode_reply(&received, REPLY_MAX_BYTES) {
                Ok(Some((data, _))) => return Ok(data.to_owned()),
                Ok(None) => {}
                Err(error) => return Err(failed(self.plan, &io::Error::other(error.to_string()))),
            }
            match self.stream.read(&mut piece) {
                Ok(0) => {
                    return Err(failed(self.plan, &io::Error::other("the server closed the connection")));
                }
                Ok(count) => received.extend_from_slice(piece.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(self.plan, &error)),
            }
        }
    }
}

fn failed(plan: &Plan, error: &io::Error) -> BeforeError {
    let reason = match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => format!("no reply within {:?}", plan.timeout),
        _ => explained(error),
    };
    BeforeError::Socket { address: plan.address, reason }
}

fn words(failure: Failure) -> String {
    match failure {
        Failure::Refused(text) | Failure::Wrong(text) => text,
    }
}

/// Sends what servers are to remember by the time the run begins.
pub(super) fn rehearse(plan: &Plan, workload: &Workload) -> Result<(), BeforeError> {
    let frames = workload.rehearsal();
    if frames.is_empty() {
        return Ok(());
    }
    let mut dialogue = Dialogue::begin(plan)?;
    for (operation, frame) in frames {
        let reply = dialogue.ask(&frame)?;
        let Some(operation) = workload.operations().get(operation) else { continue };
        reply::judge(operation.expect, &reply).map_err(|failure| BeforeError::Rehearsal {
            name: operation.name.clone(),
            reason: words(failure),
        })?;
    }
    Ok(())
}

/// Opens a session, and returns the frame by which connections resume it.
pub(super) fn log_in(plan: &Plan, login: &Login) -> Result<Vec<u8>, BeforeError> {
    let reply = Dialogue::begin(plan)?.ask(&login.login_frame())?;
    let refused = |reason| {
        let hint = if login.username == PREPARED_CLERK { NO_CLERK } else { "" };
        BeforeError::Login { username: login.username.clone(), reason, hint }
    };
    reply::judge(Expect::Success, &reply).map_err(|failure| refused(words(failure)))?;
    let token = token(&reply).ok_or_else(|| refused("the reply has no token".into()))?;
    Ok(resume_frame(&token))
}

impl Driver<'_> {
    /// Makes a connection that has just been opened known, before its first request.
    pub(super) fn introduce(&mut self, key: usize, now_ns: u64) {
        let (Some(frame), Some(connection)) = (&self.introduction, self.connections.get_mut(key)) else {
            return;
        };
        connection.output.extend_from_slice(frame);
        connection.waiting.push_back(Waiting { operation: None, due_ns: now_ns, sent_ns: now_ns });
        self.traffic.waiting += 1;
    }

    /// Makes all kept connections known.
    pub(super) fn introduce_all(&mut self) -> Result<(), BeforeError> {
        let Some(login) = self.plan.login().filter(|_| !self.plan.fresh) else { return Ok(()) };
        let resume = |reason| BeforeError::Resume { username: login.username.clone(), reason };
        let broken = |broken| match broken {
            Broken::Failed(error) => resume(explained(&error)),
            Broken::Ended => resume("the server closed the connection".into()),
            Broken::Garbled => resume("what came is no reply frame".into()),
        };
        for key in 0..self.connections.len() {
            self.introduce(key, 0);
            self.connections.get_mut(key).map_or(Ok(()), |connection| connection.flush()).map_err(broken)?;
        }
        let begun = Instant::now();
        while self.traffic.waiting > 0 {
            if begun.elapsed() > self.plan.timeout {
                return Err(resume(format!("no reply within {:?}", self.plan.timeout)));
            }
            self.poll
                .poll(&mut self.events, Some(POLL_TIMEOUT))
                .or_else(|error| if error.kind() == ErrorKind::Interrupted { Ok(()) } else { Err(error) })
                .map_err(|error| resume(error.to_string()))?;
            let Driver { events, connections, traffic, clock, scratch, .. } = self;
            let mut refused = None;
            for event in &*events {
                let Token(key) = event.token();
                let Some(connection) = connections.get_mut(key) else { continue };
                let mut sink = |_: Waiting, data: &[u8], _: u64| {
                    traffic.waiting -= 1;
                    refused = refused.take().or(reply::judge(Expect::Success, data).err());
                };
                connection.receive(scratch, event.is_read_closed(), clock, &mut sink).map_err(broken)?;
                connection.flush().map_err(broken)?;
            }
            if let Some(failure) = refused {
                return Err(resume(words(failure)));
            }
        }
        Ok(())
    }
}
