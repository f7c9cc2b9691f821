//! Owns the putting of a backup in the place of the database. Never removes what was there.
//! Invariant: no server has the database meanwhile, what is put there was verified to its last byte, and what was
//! there lies beside it.

use super::examine::{self, described};
use super::office::Office;
use super::{Common, Problem, complain, exit, problem, report, say};
use crate::ops::config::Config;
use crate::ops::daemon::restrict_new_files;
use crate::ops::files::lock_of;
use crate::ops::manifest::{self, Manifest};
use crate::ops::swap::{self, Kept, Swap};
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
so are the anchors of the audit trail where they speak of what came after the backup. Where it is interrupted, a
server does not start before another restore, which puts everything back first, or `medsrv restore --undo`.

Exit codes: 0 done, 1 a server runs, or there is nothing to undo, 65 the backup is not whole, 74 a file cannot be read or written.";

#[derive(Debug, Args)]
pub struct Task {
    #[arg(value_name = "FILE", required_unless_present = "undo")]
    file: Option<PathBuf>,
    /// Put back what was there, after a restore that was interrupted
    #[arg(long, conflicts_with = "file")]
    undo: bool,
}

pub fn run(common: &Common, task: &Task) -> u8 {
    let loaded = match common.load() {
        Ok(loaded) => loaded,
        Err(exit_code) => return exit_code,
    };
    report(match &task.file {
        Some(file) => restore(&loaded.config, file),
        None => undo(&loaded.config),
    })
}

fn restore(config: &Config, file: &Path) -> Result<(), Problem> {
    restrict_new_files();
    let account = user::wanted(&config.server.user, &config.server.group)
        .map_err(|error| problem(exit::CONFIGURATION, error))?;
    let database = &config.server.db_path;
    directory::make_parent(database).map_err(|error| problem(exit::FILES, error))?;
    let claim = claim(config, database)?;
    put_back(config, database)?;
    let manifest = examine::verify(config, file)?;
    let swap = Swap::new(
        database,
        chrono::Local::now().format("%Y%m%dT%H%M%S%3f").to_string(),
        anchors_ahead(config, &manifest)?,
    );
    bring(file, &swap.incoming(), &manifest)?;
    if let Some(account) = account {
        // What root brings is to be that user's, who serves it.
        let paths = [&swap.incoming(), &lock_of(database)];
        paths.into_iter().try_for_each(|path| account.own(path)).map_err(|error| files(database, &error))?;
    }
    // Before it begins, so that whoever reads the terminal knows, whatever becomes of this process.
    for (from, to) in swap.kept() {
        say(format_args!("{} is kept as {}", from.display(), to.display()));
    }
    let kept = swap.run().map_err(|error| files(database, &error))?;
    drop(claim);
    note(config, &manifest);
    say(told(file, database, &manifest, &kept));
    Ok(())
}

fn undo(config: &Config) -> Result<(), Problem> {
    let database = &config.server.db_path;
    let _claim = claim(config, database)?;
    if put_back(config, database)? {
        Ok(())
    } else {
        Err(problem(exit::FAILURE, "no restore was interrupted"))
    }
}

/// Puts everything back as it was before a restore that was interrupted. Returns whether there was one.
fn put_back(config: &Config, database: &Path) -> Result<bool, Problem> {
    let failed = |error: io::Error| files(database, &error);
    let anchors = [config.audit.anchor_file.clone()];
    let begun = swap::begun(database, &anchors).map_err(failed)?;
    for swap in &begun {
        let back = swap.undo().map_err(failed)?;
        say("a restore was interrupted; all is as it was before");
        back.iter().for_each(|path| say(format_args!("  {} is in its place again", path.display())));
    }
    Ok(!begun.is_empty())
}

fn files(path: &Path, error: &io::Error) -> Problem {
    problem(exit::FILES, format_args!("{}: {error}", path.display()))
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
    let copied = manifest::copy_synced(file, incoming);
    let what = match &copied {
        Ok((bytes, sha256)) if (*bytes, sha256) == (manifest.bytes, &manifest.sha256) => return Ok(()),
        Ok(_) => "the backup has changed while it was copied".to_owned(),
        Err(error) => error.to_string(),
    };
    // What cannot be removed is only in the way of the disk, and the next restore tries again.
    let _ = fs::remove_file(incoming);
    Err(problem(exit::FILES, format_args!("{}: {what}; nothing was changed", incoming.display())))
}

/// Anchors of entries that the backup does not have would keep a server from starting on it.
fn anchors_ahead(config: &Config, manifest: &Manifest) -> Result<Vec<PathBuf>, Problem> {
    let is_ahead = examine::anchors(&config.audit.anchor_file)?
        .last()
        .is_some_and(|anchor| anchor.sequence > manifest.audit.sequence);
    Ok(if is_ahead { vec![config.audit.anchor_file.clone()] } else { Vec::new() })
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
