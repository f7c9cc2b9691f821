//! Owns the order of a restart: check, take the sockets over, start. Never ends a server that it could not replace.
//! Invariant: a configuration that is not valid, a database that this program cannot serve, or that is not in its place,
//! a key or an anchor of another trail, and an address that cannot be had leave the running server alone.

use super::start::Launch;
use super::stop::Stopped;
use super::takeover::{self, Found, Predecessor};
use super::{Common, check, complain, exit, problem, report, start, stop};
use crate::ops::config::Config;
use crate::server::trail::check_database;

pub fn run(common: &Common, demo: bool) -> u8 {
    let loaded = match common.load() {
        Ok(loaded) => loaded,
        Err(exit_code) => return left_alone(exit_code),
    };
    let account = match check::who(&loaded).and_then(|account| look(&loaded.config).map(|()| account)) {
        Ok(account) => account,
        Err(exit_code) => return left_alone(exit_code),
    };
    let pid_file = &loaded.config.server.pid_file;
    let launch = Launch { demo, is_restart: true, account, ..Launch::default() };
    let found = match takeover::find(pid_file) {
        Ok(found) => found,
        Err(error) => {
            complain(error);
            return left_alone(exit::FAILURE);
        }
    };
    let stopped = match found {
        Found::Server(Predecessor { is_supervised: true, pid, .. }) => {
            complain(format_args!(
                "a service manager runs the server, pid {pid}, and would lose it: `systemctl restart medsrv`"
            ));
            return left_alone(exit::FAILURE);
        }
        Found::Server(Predecessor { misplaced: Some(trouble), .. }) => {
            complain(format_args!(
                "{trouble}: what was written since would be lost with the server; put the file back first"
            ));
            return left_alone(exit::DATABASE);
        }
        Found::Server(Predecessor { pid, given, .. }) => {
            let launch = Launch { given, predecessor: Some(pid), ..launch };
            return start::launch(&loaded, common.foreground, launch);
        }
        // Those who come meanwhile are refused.
        Found::Deaf { pid } => stop::only(pid_file, pid),
        Found::Nobody { stale } => Ok(Stopped::Already { stale }),
    };
    match stop::report(stopped, pid_file) {
        exit::SUCCESS => start::launch(&loaded, common.foreground, launch),
        exit_code => exit_code,
    }
}

fn left_alone(exit_code: u8) -> u8 {
    complain("not restarted: a server that runs was left alone");
    exit_code
}

/// Whether this program, which may be a newer or an older one than the server that runs, can serve what is there.
fn look(config: &Config) -> Result<(), u8> {
    let found = check::files(config).and_then(|()| {
        check_database(config).map_err(|error| problem(error.exit_code(), error))?;
        check::database(config)?;
        check::trail(config)
    });
    match report(found) {
        exit::SUCCESS => Ok(()),
        exit_code => Err(exit_code),
    }
}
