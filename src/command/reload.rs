//! Owns the asking of a running server to read its configuration again. Never changes a value itself.
//! Invariant: success is said only where the server has said that it goes by the file.

use super::admin::{AdminError, Refusal, ask};
use super::{Common, complain, complain_at, complain_of_each, exit, say};
use crate::ops::config;
use crate::ops::pidfile::{self, Signal, State};
use crate::server::admin::{INVALID_CONFIGURATION, ReloadVerdict};
use std::path::Path;

pub fn run(common: &Common) -> u8 {
    // Which file the server reads is its own affair; this one only says where the server is to be found.
    let (loaded, errors) = config::load_valid_parts(common.config_file(), &common.overrides());
    let pid_file = &loaded.config.server.pid_file;
    match ask::<ReloadVerdict>(pid_file, "server.reload") {
        Ok(verdict) => {
            say(describe(&verdict));
            exit::SUCCESS
        }
        // A signal needs no place.
        Err(error) if error.is_no_place() => ask_by_signal(pid_file, &error),
        Err(AdminError::Refused(error)) => refused(&error),
        Err(AdminError::Unreachable { .. }) if !errors.0.is_empty() => {
            complain_of_each(&errors);
            complain("not reloaded: a server that runs goes on as before");
            exit::CONFIGURATION
        }
        Err(error @ AdminError::Unreachable { .. }) => ask_by_signal(pid_file, &error),
        Err(error @ AdminError::Mute { .. }) => {
            complain(error);
            exit::UNKNOWN
        }
    }
}

fn describe(verdict: &ReloadVerdict) -> String {
    let ReloadVerdict { pid, applied, after_restart } = verdict;
    let mut text = format!("medsrv reloaded: pid {pid}");
    if applied.is_empty() && after_restart.is_empty() {
        text += ", nothing has changed";
    }
    for change in applied.iter().chain(after_restart) {
        text += &format!("\n  {change}");
    }
    text
}

fn refused(refusal: &Refusal) -> u8 {
    if refusal.data.code != INVALID_CONFIGURATION {
        complain(&refusal.message);
        return exit::FAILURE;
    }
    for mistake in &refusal.data.mistakes {
        complain_at(mistake);
    }
    complain("not reloaded: the server goes on as before");
    exit::CONFIGURATION
}

/// A server without a socket can be asked, but does not say what has come of it.
fn ask_by_signal(pid_file: &Path, why: &AdminError) -> u8 {
    match pidfile::signal(pid_file, Signal::HUP) {
        Ok(State::Running { pid, .. }) => {
            complain(format_args!(
                "{why}\nmedsrv: process {pid} was asked by a signal to reload; whether it does is in its log"
            ));
            exit::FAILURE
        }
        Ok(State::Starting) => {
            complain("the server is being started; try again");
            exit::FAILURE
        }
        Ok(State::Dead { .. } | State::Absent) => {
            complain(format_args!("no server runs: nobody holds {}", pid_file.display()));
            exit::NOT_THERE
        }
        Err(error) => {
            complain(error);
            exit::FAILURE
        }
    }
}
