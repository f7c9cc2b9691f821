//! Owns the taking over of a server that runs: its listening sockets, and its end. Never starts anything.
//! Invariant: until `end`, the server that is to be replaced serves as if nobody had asked.

use super::admin::{self, AdminError, ask, ask_for_sockets};
use super::stop::{self, StopError};
use crate::ops::pidfile::{self, State};
use crate::server::Given;
use crate::server::admin::{Ending, Listeners};
use listenfd::ListenFd;
use rustix::process::Signal;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

/// How many sockets a service manager has opened (sd_listen_fds(3)).
const GIVEN_VARIABLE: &str = "LISTEN_FDS";
const GIVEN_MAX: usize = 64;
/// How long somebody is looked for who has the pid file and cannot be asked.
const FIND_WAIT: Duration = Duration::from_secs(2);
/// The same, where nobody has it: one server may have let go of it, and the next not have it yet.
const NOBODY_WAIT: Duration = Duration::from_millis(300);
const FIND_POLL: Duration = Duration::from_millis(20);

/// A server that runs, and what it lets its clients in by.
pub struct Predecessor {
    pub pid: i32,
    pub given: Given,
    /// True exactly when a service manager has started it and would start it again.
    pub is_supervised: bool,
    /// What is wrong with the place of its database.
    pub misplaced: Option<String>,
}

/// Who has a pid file.
pub enum Found {
    /// `stale` says that a pid file was left behind.
    Nobody {
        stale: bool,
    },
    /// A server that cannot give its sockets.
    Deaf {
        pid: i32,
    },
    Server(Predecessor),
}

/// Asks the server that has this pid file for its sockets.
pub fn find(pid_file: &Path) -> Result<Found, StopError> {
    let begun = Instant::now();
    let mut give_up = begun + FIND_WAIT;
    let (pid, told, sockets) = loop {
        let otherwise = match admin::find(pid_file)? {
            State::Running { pid, .. } => {
                match ask_for_sockets::<Listeners>(pid_file, "server.listeners") {
                    Ok((told, sockets)) if i32::try_from(told.pid) == Ok(pid) => break (pid, told, sockets),
                    // One that is older than this order; one that has no place for the question is asked again.
                    Err(error @ AdminError::Refused(_)) if !error.is_no_place() => {
                        return Ok(Found::Deaf { pid });
                    }
                    Ok(_) | Err(_) => Found::Deaf { pid },
                }
            }
            State::Starting => Found::Nobody { stale: false },
            absent => {
                give_up = give_up.min(begun + NOBODY_WAIT);
                Found::Nobody { stale: matches!(absent, State::Dead { .. }) }
            }
        };
        // It may end or begin by another command: a moment later somebody is there, or nobody.
        if Instant::now() >= give_up {
            return Ok(otherwise);
        }
        std::thread::sleep(FIND_POLL);
    };
    let mut given = Given::default();
    for (name, socket) in told.listeners.iter().zip(sockets) {
        match name.as_str() {
            "clients" => given.clients = Some(TcpListener::from(socket)),
            "metrics" => given.metrics = Some(TcpListener::from(socket)),
            _ => {}
        }
    }
    let (is_supervised, misplaced) = (told.supervised, told.misplaced);
    Ok(Found::Server(Predecessor { pid, given, is_supervised, misplaced }))
}

/// The sockets that a service manager has opened for this process, in the order of its unit: that of the clients,
/// and that of the metrics. All others are closed.
pub fn from_service_manager() -> Given {
    let count = std::env::var(GIVEN_VARIABLE).ok().and_then(|count| count.parse().ok());
    // No service manager gives so many.
    if count.is_some_and(|count: usize| count > GIVEN_MAX) {
        return Given::default();
    }
    let mut passed = ListenFd::from_env();
    // What is of another kind is closed with the rest.
    let clients = passed.take_tcp_listener(0).ok().flatten();
    let metrics = passed.take_tcp_listener(1).ok().flatten();
    let closed = (0..passed.len()).filter_map(|at| close(&mut passed, at)).collect();
    Given { clients, metrics, closed }
}

/// Closes one that was not taken, and says which it was.
fn close(passed: &mut ListenFd, at: usize) -> Option<String> {
    if let Ok(Some(socket)) = passed.take_tcp_listener(at) {
        return Some(
            socket.local_addr().map_or_else(|error| error.to_string(), |address| address.to_string()),
        );
    }
    if let Ok(Some(socket)) = passed.take_unix_listener(at) {
        let address = socket.local_addr().ok();
        let path = address.as_ref().and_then(|address| address.as_pathname());
        return Some(path.map_or_else(|| "a Unix socket".to_owned(), |path| path.display().to_string()));
    }
    let descriptor = passed.take_raw_fd(at).ok().flatten()?;
    // One that is not open need not be closed.
    let _ = nix::unistd::close(descriptor);
    Some(format!("descriptor {descriptor}"))
}

/// Has it end, and returns when its pid file and its database are free. Once it has said that it ends, it lets nobody
/// in any longer, so however long that takes it is waited for: those who come wait in its sockets, which are ours.
/// Where somebody else has replaced it meanwhile, their server is left alone.
pub fn end(pid_file: &Path, pid: i32) -> Result<(), StopError> {
    if !is_held_by(pid_file, pid)? {
        return Ok(());
    }
    match ask::<Ending>(pid_file, "server.hand_over") {
        // Whoever has answered ends.
        Ok(ending) => wait(pid_file, i32::try_from(ending.pid).unwrap_or(pid)),
        // It may have heard it all the same, and then ends once it can; a second order would have it end at once.
        Err(AdminError::Mute { .. }) => wait(pid_file, pid),
        // It may be gone by now, or have lost its socket; whoever is there in its stead is left alone.
        Err(AdminError::Unreachable { .. } | AdminError::Refused(_)) => {
            pidfile::signal_only(pid_file, pid, Signal::TERM)?;
            wait(pid_file, pid)
        }
    }
}

fn wait(pid_file: &Path, pid: i32) -> Result<(), StopError> {
    loop {
        match stop::wait(pid_file, pid) {
            Err(StopError::StillRunning { .. }) => {}
            ended => return ended.map(|_| ()),
        }
    }
}

fn is_held_by(pid_file: &Path, pid: i32) -> Result<bool, StopError> {
    Ok(matches!(pidfile::inspect(pid_file)?, State::Running { pid: found, .. } if found == pid))
}
