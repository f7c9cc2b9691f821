//! Owns which names a command writes to. Never writes.
//! Invariant: no file that the server lives by is written over by a name that an operator gives.

use super::{Problem, exit, problem};
use crate::ops::config::Config;
use crate::ops::files::{OF_SQLITE, real, with_suffix};
use std::path::{Path, PathBuf};

/// What else lies beside the server's files under names of their own.
const BESIDE: [&str; 3] = ["", ".lock", ".sock"];

/// Refuses names of the server's own files, by whichever path they are given. `configuration` is the file that was
/// read.
pub(super) fn check(config: &Config, configuration: Option<&Path>, names: &[PathBuf]) -> Result<(), Problem> {
    let (server, audit) = (&config.server, &config.audit);
    let ours = [&server.db_path, &server.log_file, &server.pid_file, &audit.key_file, &audit.anchor_file];
    let ours = ours.into_iter().map(PathBuf::as_path).chain(configuration);
    let suffixes = || BESIDE.iter().chain(&OF_SQLITE);
    let ours: Vec<PathBuf> =
        ours.map(real).flat_map(|path| suffixes().map(move |suffix| with_suffix(&path, suffix))).collect();
    for name in names {
        if ours.contains(&real(name)) {
            let text = format_args!("{} is a file of the server's own; name another one", name.display());
            return Err(problem(exit::USAGE, text));
        }
    }
    Ok(())
}
