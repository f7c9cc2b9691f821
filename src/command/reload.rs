//! Owns the asking of a running server to read its configuration again. Never changes a value itself.
//! Invariant: a configuration that is not valid never reaches the server, and each mistake has its place.

use super::{Common, complain, exit, say};
use crate::ops::pidfile::{self, Signal, State};

pub fn run(common: &Common) -> u8 {
    let loaded = match common.load() {
        Ok(loaded) => loaded,
        Err(exit_code) => {
            complain("not reloaded: a server that runs goes on as before");
            return exit_code;
        }
    };
    match pidfile::signal(&loaded.config.server.pid_file, Signal::HUP) {
        Ok(State::Running { pid, .. }) => {
            say(format_args!("medsrv was asked to reload: pid {pid}; its log says what has changed"));
            exit::SUCCESS
        }
        Ok(State::Starting) => {
            complain("the server is being started; try again");
            exit::FAILURE
        }
        Ok(State::Dead { .. } | State::Absent) => {
            let path = loaded.config.server.pid_file.display();
            complain(format_args!("medsrv is not running: nobody holds {path}"));
            exit::NOT_THERE
        }
        Err(error) => {
            complain(error);
            exit::FAILURE
        }
    }
}
