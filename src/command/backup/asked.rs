//! Owns the asking of a running server for a backup among its own. Never makes one.
//! Invariant: success is said only of a backup that was begun after the asking, by the server that was asked.

use crate::command::admin::{AdminError, ask};
use crate::command::{Common, complain, exit, say};
use crate::ops::pidfile::{self, State};
use crate::server::admin::BackupBegun;
use crate::server::status::{Backup, Status};
use std::path::Path;
use std::time::Duration;

/// How often the server is asked whether it is done.
const LOOK_EVERY: Duration = Duration::from_millis(200);

pub(super) fn run(common: &Common) -> u8 {
    let loaded = common.load_valid_parts();
    let pid_file = &loaded.config.server.pid_file;
    match wait_for(pid_file) {
        Ok(Some(backup)) => told(&backup),
        Ok(None) => {
            complain(
                "the server was replaced meanwhile, which has given the backup up if it was not done; ask again",
            );
            exit::FAILURE
        }
        Err(AdminError::Unreachable { .. })
            if matches!(pidfile::inspect(pid_file), Ok(State::Absent | State::Dead { .. })) =>
        {
            let pid_file = pid_file.display();
            complain(format_args!(
                "no server runs: nobody holds {pid_file}; name a FILE to put the backup in"
            ));
            exit::NOT_THERE
        }
        Err(error) => {
            complain(&error);
            if matches!(error, AdminError::Mute { .. }) { exit::UNKNOWN } else { exit::FAILURE }
        }
    }
}

/// How it stands with the server's backups once the one that was asked for has ended; none where another server,
/// which counts its own, has taken the place of the one that was asked.
fn wait_for(pid_file: &Path) -> Result<Option<Backup>, AdminError> {
    let BackupBegun { pid, run } = ask(pid_file, "server.backup")?;
    loop {
        let status: Status = ask(pid_file, "server.status")?;
        if status.pid != pid {
            return Ok(None);
        }
        if status.backup.runs_ended >= run {
            return Ok(Some(status.backup));
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn told(backup: &Backup) -> u8 {
    match (&backup.failure, &backup.last) {
        (None, Some(last)) => {
            say(format_args!("{} was written, and is whole\n  bytes     {}", last.file, last.bytes));
            exit::SUCCESS
        }
        (Some(failure), _) => {
            complain(&failure.text);
            exit::FAILURE
        }
        (None, None) => {
            complain(
                "the server knows of no backup where it makes them now; its log has what has come of this one",
            );
            exit::FAILURE
        }
    }
}
