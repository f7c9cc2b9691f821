//! Owns the order of a restart: check, stop, start. Never stops a server that it could not start again.
//! Invariant: a configuration that is not valid leaves the running server alone.

use super::{Common, complain, exit, start, stop};

pub fn run(common: &Common, demo: bool) -> u8 {
    let loaded = match common.load() {
        Ok(loaded) => loaded,
        Err(exit_code) => {
            complain("not restarted: a server that runs was left alone");
            return exit_code;
        }
    };
    let pid_file = &loaded.config.server.pid_file;
    match stop::report(stop::stop(pid_file), pid_file) {
        exit::SUCCESS => start::launch(&loaded, common.foreground, demo),
        exit_code => exit_code,
    }
}
