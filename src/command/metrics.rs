//! Owns the showing of the running server's metrics. Never counts anything itself.
//! Invariant: what is on standard output is what a scrape would have got.

use super::admin::{AdminError, ask};
use super::{Common, complain, exit};
use crate::ops::pidfile::{self, State};
use crate::server::admin::Metrics;
use std::io::Write;

pub fn run(common: &Common) -> u8 {
    let loaded = common.load_valid_parts();
    let pid_file = &loaded.config.server.pid_file;
    match ask::<Metrics>(pid_file, "server.metrics") {
        Ok(Metrics { text }) => {
            let mut stdout = std::io::stdout().lock();
            // A reader that went away is its own affair.
            let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
            exit::SUCCESS
        }
        Err(AdminError::Unreachable { .. })
            if matches!(pidfile::inspect(pid_file), Ok(State::Absent | State::Dead { .. })) =>
        {
            complain(format_args!("no server runs: nobody holds {}", pid_file.display()));
            exit::NOT_THERE
        }
        Err(error) => {
            complain(&error);
            if matches!(error, AdminError::Mute { .. }) { exit::UNKNOWN } else { exit::FAILURE }
        }
    }
}
