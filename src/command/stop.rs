//! Owns the stopping of a server: asking it once, and waiting until it is gone. Never kills it.
//! Invariant: "stopped" is said only when the lock on the pid file is free.

use super::admin::{ask, find};
use super::{Common, complain, exit, say};
use crate::ops::pidfile::{self, PidFileError, Signal, State};
use crate::server::admin::Ending;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longer than a server takes to finish its requests and to checkpoint.
const WAIT_MS: u64 = 30_000;
const POLL_MS: u64 = 2;

pub enum Stopped {
    Now {
        pid: i32,
    },
    /// It did not run; `stale` says that a pid file was left behind.
    Already {
        stale: bool,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum StopError {
    #[error(transparent)]
    PidFile(#[from] PidFileError),
    #[error(
        "process {pid} was asked to stop but still runs after {} s; see its log, \
         and run `medsrv stop` again to wait on",
        WAIT_MS / 1000
    )]
    StillRunning { pid: i32 },
    #[error("a server is being started and has not written its pid to {path}; try again")]
    StillStarting { path: String },
}

/// A stopped service that is stopped again is a success, after LSB.
pub fn run(common: &Common) -> u8 {
    let loaded = common.load_valid_parts();
    report(stop(&loaded.config.server.pid_file), &loaded.config.server.pid_file)
}

/// Tells how the stopping went, and returns the exit code for it.
pub fn report(result: Result<Stopped, StopError>, pid_file: &Path) -> u8 {
    match result {
        Ok(Stopped::Now { pid }) => say(format_args!("medsrv stopped: pid {pid}")),
        Ok(Stopped::Already { stale: false }) => {
            say(format_args!("medsrv is not running: there is no pid file {}", pid_file.display()));
        }
        Ok(Stopped::Already { stale: true }) => {
            let path = pid_file.display();
            say(format_args!(
                "medsrv is not running: it left {path} behind, which the next start takes over"
            ));
        }
        Err(error) => {
            complain(error);
            return exit::FAILURE;
        }
    }
    exit::SUCCESS
}

/// Asks in words, and returns the pid of who has answered; a server that does not is asked by a signal.
fn ask_by_socket(pid_file: &Path) -> Result<Option<i32>, PidFileError> {
    let State::Running { pid, .. } = find(pid_file)? else { return Ok(None) };
    let ending = ask::<Ending>(pid_file, "server.stop").ok();
    Ok(ending.and_then(|ending| i32::try_from(ending.pid).ok()).filter(|answered| *answered == pid))
}

/// Asks the server to stop, and returns when it has.
pub fn stop(pid_file: &Path) -> Result<Stopped, StopError> {
    let give_up = Instant::now() + Duration::from_millis(WAIT_MS);
    let pid = loop {
        if let Some(pid) = ask_by_socket(pid_file)? {
            break pid;
        }
        match pidfile::signal(pid_file, Signal::TERM)? {
            State::Running { pid, .. } => break pid,
            State::Absent => return Ok(Stopped::Already { stale: false }),
            State::Dead { .. } => return Ok(Stopped::Already { stale: true }),
            State::Starting if Instant::now() >= give_up => {
                return Err(StopError::StillStarting { path: pid_file.display().to_string() });
            }
            State::Starting => std::thread::sleep(Duration::from_millis(POLL_MS)),
        }
    };
    wait(pid_file, pid)
}

/// Has this very server stop, and returns when it has; one that has come in its place is left alone.
pub fn only(pid_file: &Path, pid: i32) -> Result<Stopped, StopError> {
    pidfile::signal_only(pid_file, pid, Signal::TERM)?;
    wait(pid_file, pid)
}

/// Returns once this server, which was asked to stop, has let go of its pid file.
pub fn wait(pid_file: &Path, pid: i32) -> Result<Stopped, StopError> {
    let give_up = Instant::now() + Duration::from_millis(WAIT_MS);
    loop {
        match pidfile::inspect(pid_file)? {
            State::Running { pid: running, .. } if running == pid => {}
            _ => return Ok(Stopped::Now { pid }),
        }
        if Instant::now() >= give_up {
            return Err(StopError::StillRunning { pid });
        }
        std::thread::sleep(Duration::from_millis(POLL_MS));
    }
}
