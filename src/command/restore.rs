//! Owns the putting of a backup in the place of the database. Never removes what was there.
//! Invariant: no server has the database meanwhile, what is put there was verified to its last byte, and what was
//! there lies beside it.

use super::examine::{self, described};
use super::office::Office;
use super::{Common, Problem, complain, exit, problem, report, say};
use crate::ops::config::Config;
use crate::ops::daemon::restrict_new_files;
use crate::ops::manifest::{self, Manifest, with_suffix};
use crate::ops::{directory, pidfile, user};
use crate::service::audit::Action;
use crate::store::{Claim, OpenError, SCHEMA_VERSION};
use clap::Args;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub const HELP: &str = "\
Example: medsrv stop && medsrv restore /srv/backup/2026-01-31.db && medsrv start

The backup is verified first, as by `medsrv backup verify`. What is in its place until then is kept beside it, and
so are the anchors of the audit trail where they speak of what came after the backup.

Exit codes: 0 done, 1 a server runs, 65 the backup is not whole, 74 a file cannot be read or written.";

#[derive(Debug, Args)]
pub struct Task {
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// What SQLite keeps beside a database.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

pub fn run(common: &Common, task: &Task) -> u8 {
    let loaded = match common.load() {
        Ok(loaded) => loaded,
        Err(exit_code) => return exit_code,
    };
    report(restore(&loaded.config, &task.file))
}

fn restore(config: &Config, file: &Path) -> Result<(), Problem> {
    restrict_new_files();
    let account = user::wanted(&config.server.user, &config.server.group)
        .map_err(|error| problem(exit::CONFIGURATION, error))?;
    let database = &config.server.db_path;
    let database = database.canonicalize().unwrap_or_else(|_| database.clone());
    directory::make_parent(&database).map_err(|error| problem(exit::FILES, error))?;
    let claim = claim(config, &database)?;
    let manifest = examine::verify(config, file)?;
    let files = |error: io::Error| problem(exit::FILES, format_args!("{}: {error}", database.display()));
    let incoming = with_suffix(&database, ".restoring");
    bring(file, &incoming, &manifest)?;
    if let Some(account) = account {
        // What root brings is to be that user's, who serves it.
        let given =
            [&incoming, &with_suffix(&database, ".lock")].into_iter().try_for_each(|path| account.own(path));
        given.map_err(files)?;
    }
    let mark = chrono::Local::now().format(".before-restore-%Y%m%dT%H%M%S%3f").to_string();
    let kept = swap(&database, &incoming, &mark).map_err(|error| {
        // What cannot be removed is only in the way of the disk.
        let _ = fs::remove_file(&incoming);
        files(error)
    })?;
    let anchors = put_anchors_aside(config, &manifest, &mark)?;
    drop(claim);
    note(config, &manifest);
    say(told(file, &database, &manifest, &[kept, anchors].concat()));
    Ok(())
}

/// Neither a server of this pid file nor one of this database runs.
fn claim(config: &Config, database: &Path) -> Result<Claim, Problem> {
    let running = |text: &str| problem(exit::FAILURE, format_args!("{text}; `medsrv stop` first"));
    match pidfile::inspect(&config.server.pid_file) {
        Ok(state) if state.is_up() => return Err(running("a server runs")),
        Ok(_) => {}
        Err(error) => return Err(problem(exit::FILES, error)),
    }
    Claim::take(database).map_err(|error| match error {
        OpenError::InUse => running("a server has this database"),
        other => problem(exit::FILES, format_args!("database {}: {other}", database.display())),
    })
}

/// Copies the backup beside the database, and sees that it has arrived as it is.
fn bring(file: &Path, incoming: &Path, manifest: &Manifest) -> Result<(), Problem> {
    let failed = |error: &dyn std::fmt::Display| {
        problem(exit::FILES, format_args!("{}: {error}; nothing was changed", incoming.display()))
    };
    match fs::remove_file(incoming) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&error)),
        _ => {}
    }
    let copied = manifest::copy_synced(file, incoming);
    let arrived = match &copied {
        Ok((bytes, sha256)) => (*bytes, sha256) == (manifest.bytes, &manifest.sha256),
        Err(_) => false,
    };
    if !arrived {
        let _ = fs::remove_file(incoming);
    }
    match copied {
        Ok(_) if arrived => Ok(()),
        Ok(_) => Err(failed(&"the backup has changed while it was copied")),
        Err(error) => Err(failed(&error)),
    }
}

/// A file that was put aside, and where it is now.
type Kept = (PathBuf, PathBuf);

/// Puts the database and what belongs to it aside, and the new one in its place. Where that fails, all is put back.
fn swap(database: &Path, incoming: &Path, mark: &str) -> io::Result<Vec<Kept>> {
    let aside = with_suffix(database, mark);
    if aside.symlink_metadata().is_ok() {
        return Err(io::Error::other(format!("{} is there already; try again", aside.display())));
    }
    let mut kept = Vec::new();
    let mut moved = Ok(());
    // The database first: without it the rest is nothing, while it would be another one without its WAL.
    for suffix in [""].iter().chain(&BESIDE) {
        let (from, to) = (with_suffix(database, suffix), with_suffix(&aside, suffix));
        match fs::rename(&from, &to) {
            Ok(()) => kept.push((from, to)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                moved = Err(error);
                break;
            }
        }
    }
    match moved.and_then(|()| fs::rename(incoming, database)) {
        Ok(()) => manifest::sync_directory_of(database).map(|()| kept),
        Err(error) => {
            for (from, to) in kept.iter().rev() {
                if let Err(error) = fs::rename(to, from) {
                    complain(format_args!("{} could not be put back: {error}", to.display()));
                }
            }
            Err(error)
        }
    }
}

/// Anchors of entries that the backup does not have would keep a server from starting on it.
fn put_anchors_aside(config: &Config, manifest: &Manifest, mark: &str) -> Result<Vec<Kept>, Problem> {
    let is_behind =
        examine::anchors(config)?.last().is_some_and(|anchor| anchor.sequence > manifest.audit.sequence);
    if !is_behind {
        return Ok(Vec::new());
    }
    let from = config.audit.anchor_file.clone();
    let to = with_suffix(&from, mark);
    fs::rename(&from, &to).map_err(|error| {
        let text = format_args!(
            "the backup is in its place, but {} could not be put aside: {error}; move it away before the start",
            from.display()
        );
        problem(exit::FILES, text)
    })?;
    Ok(vec![(from, to)])
}

/// Has the trail that goes on from here say that it does. One of an older schema cannot be written to yet.
fn note(config: &Config, manifest: &Manifest) {
    if manifest.schema != SCHEMA_VERSION {
        return;
    }
    let noted = Office::open(config).and_then(|mut office| {
        office.change("restore", (Action::Execute, "database"), |_, _| Ok((None, ())))
    });
    if let Err(problem) = noted {
        complain(format_args!("the audit trail could not say that it was restored: {}", problem.text));
    }
}

fn told(file: &Path, database: &Path, manifest: &Manifest, kept: &[Kept]) -> String {
    let (file, database) = (file.display(), database.display());
    let mut text = format!("{database} is now the backup {file}\n{}", described(manifest));
    if kept.is_empty() {
        return text + "\nthere was nothing in its place before";
    }
    text += "\nwhat was in its place is kept. To go back, stop the server and run\n";
    text += &format!("  rm -f '{database}-wal' '{database}-shm'");
    for (from, to) in kept {
        text += &format!("\n  mv '{}' '{}'", to.display(), from.display());
    }
    text
}
