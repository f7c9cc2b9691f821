//! Owns which names a command writes to. Never writes.
//! Invariant: no file that the server lives by is written over by a name that an operator gives.

use super::{Problem, exit, problem};
use crate::ops::config::Config;
use crate::ops::manifest::with_suffix;
use std::io;
use std::path::{Path, PathBuf};

/// What lies beside the server's files under names of their own.
const BESIDE: [&str; 6] = ["", "-wal", "-shm", "-journal", ".lock", ".sock"];

/// Refuses names of the server's own files, by whichever path they are given. `configuration` is the file that was
/// read.
pub(super) fn check(config: &Config, configuration: Option<&Path>, names: &[PathBuf]) -> Result<(), Problem> {
    let (server, audit) = (&config.server, &config.audit);
    let ours = [&server.db_path, &server.log_file, &server.pid_file, &audit.key_file, &audit.anchor_file];
    let ours = ours.into_iter().map(PathBuf::as_path).chain(configuration);
    let ours: Vec<PathBuf> = ours
        .filter_map(|path| real(path).ok())
        .flat_map(|path| BESIDE.map(|suffix| with_suffix(&path, suffix)))
        .collect();
    for name in names {
        // A name in a directory that is not there is told of by whoever writes.
        if real(name).is_ok_and(|named| ours.contains(&named)) {
            let text = format_args!("{} is a file of the server's own; name another one", name.display());
            return Err(problem(exit::USAGE, text));
        }
    }
    Ok(())
}

/// The path without links, of a file that need not be there in a directory that is.
fn real(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize().or_else(|_| {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = directory.unwrap_or(Path::new(".")).canonicalize()?;
        Ok(directory.join(path.file_name().unwrap_or_default()))
    })
}
