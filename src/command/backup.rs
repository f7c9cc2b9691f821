//! Owns the making of a backup, and the question whether one is whole. Never writes to the database but for the
//! entry in its trail.
//! Invariant: a file under the name of a backup is whole, was verified and is on disk, and so is its manifest.

mod asked;

use super::examine::{self, described, examine, not_whole};
use super::office::{Actor, Office};
use super::target;
use super::{Common, Problem, complain, exit, problem, report, say};
use crate::ops::config::Config;
use crate::ops::daemon::restrict_new_files;
use crate::ops::keyfile;
use crate::ops::manifest::{self, Draft, Manifest};
use crate::ops::process;
use crate::service::Failure;
use crate::service::audit::{self, Action, Head, Key};
use crate::service::backup::Depth;
use crate::service::time::Now;
use crate::store::{self, CopyError};
use clap::{Args, Subcommand};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// What a backup leaves free of its disk.
const ROOM_LEFT_BYTES: u64 = 16 * 1024 * 1024;

pub const HELP: &str = "\
Examples:
  medsrv backup /srv/backup/2026-01-31.db && medsrv backup verify /srv/backup/2026-01-31.db
  medsrv backup                         have the running server make one in backup.directory

FILE is the database as it stood when the copying began; FILE.json says what is in it. Both can be read by their
owner only. They hold everything about everyone, but not the audit key, which belongs elsewhere.

Exit codes: 0 whole, 1 FILE is there already, or the server's backup has failed, 2 FILE is the database itself,
7 no server runs that could be asked, 65 not whole, 74 a file cannot be read or written, or the disk is full.";

#[derive(Debug, Args)]
pub struct Task {
    #[command(subcommand)]
    task: Option<Further>,
    /// Where to put the backup; where none is named, the running server puts one among its own
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Put it in the place of one that is there
    #[arg(long, requires = "file")]
    force: bool,
}

#[derive(Debug, Subcommand)]
enum Further {
    /// Say whether a backup is whole: its bytes, its pages, its rows and its audit trail
    #[command(after_help = "Exit codes: 0 it is whole, 65 it is not, 74 a file cannot be read.")]
    Verify {
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

pub fn run(common: &Common, task: &Task) -> u8 {
    if task.task.is_none() && task.file.is_none() {
        return asked::run(common);
    }
    let loaded = match common.load() {
        Ok(loaded) => loaded,
        Err(exit_code) => return exit_code,
    };
    let config = &loaded.config;
    report(match (&task.task, &task.file) {
        (Some(Further::Verify { file }), _) => verify(config, file),
        (None, Some(file)) => {
            let made = target::check(config, loaded.file.as_deref(), &[file.clone(), manifest::beside(file)])
                .and_then(|()| make(config, file, task.force, Actor::operator));
            made.map(|manifest| {
                let shown = described(&manifest);
                say(format_args!("{} was written, and is whole\n{shown}", file.display()));
            })
        }
        (None, None) => Ok(()),
    })
}

fn verify(config: &Config, file: &Path) -> Result<(), Problem> {
    let manifest = examine::verify(config, file)?;
    say(format_args!("{} is whole\n{}", file.display(), described(&manifest)));
    Ok(())
}

/// Makes a backup, and has the trail say who has begun it and what came of it.
pub(super) fn make(
    config: &Config,
    file: &Path,
    force: bool,
    actor: impl Fn() -> Actor,
) -> Result<Manifest, Problem> {
    restrict_new_files();
    check_name(file, force)?;
    check_room(config, file)?;
    let shown = file.display().to_string();
    // That somebody is about to take everything along is written down before they have it.
    Office::open_as(config, actor())?.note("backup", (Action::Read, "database"), "success", &shown)?;
    let made = copy(config, file);
    let outcome = if made.is_ok() { "success" } else { "failed" };
    let ended = (Action::Execute, "database");
    let noted = Office::open_as(config, actor())
        .and_then(|mut office| office.note("backup.done", ended, outcome, &shown));
    if let Err(problem) = noted {
        complain(format_args!("the audit trail could not say what came of the backup: {}", problem.text));
    }
    made
}

fn copy(config: &Config, file: &Path) -> Result<Manifest, Problem> {
    let files = |error: io::Error| problem(exit::FILES, format_args!("{}: {error}", file.display()));
    // Before the copy: a server may anchor what comes after it.
    let anchor = examine::anchors(config)?.pop();
    let draft = Draft::begin(file).map_err(files)?;
    let taken_at = Now::at(chrono::Local::now()).rfc3339();
    let database = &config.server.db_path;
    let mut pieces = Pieces { path: draft.copy(), file: None, synced: Ok(()) };
    store::copy(database, &draft.copy(), || pieces.sync()).map_err(|error| match error {
        CopyError::Source(error) => {
            problem(exit::DATABASE, format_args!("database {}: {error}", database.display()))
        }
        other => problem(exit::FILES, format_args!("{}: {other}", file.display())),
    })?;
    pieces.synced.map_err(files)?;
    let manifest = look_at(config, &draft, anchor, taken_at)?;
    draft.finish(&manifest).map_err(files)?;
    Ok(manifest)
}

/// A copy that is brought to disk while it grows. Were all of it left to the end, whoever commits meanwhile would
/// wait until all of it is there, for the file system orders one behind the other.
struct Pieces {
    path: PathBuf,
    file: Option<File>,
    /// The first failure, which no other descriptor is told of again.
    synced: io::Result<()>,
}

impl Pieces {
    fn sync(&mut self) {
        if self.synced.is_ok() {
            self.synced = self.try_sync();
        }
    }

    fn try_sync(&mut self) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => File::open(&self.path)?,
        };
        self.file.insert(file).sync_data()
    }
}

/// Refuses to begin what would fill the disk: a copy is as long as the database, with what waits in its WAL.
fn check_room(config: &Config, file: &Path) -> Result<(), Problem> {
    let database = &config.server.db_path;
    let bytes = |path: &Path| process::file_bytes(path).unwrap_or(0);
    let needed = bytes(database) + bytes(&process::wal_of(database)) + ROOM_LEFT_BYTES;
    let disk = std::path::absolute(file).ok().and_then(|file| process::disk_of(&file));
    match disk {
        Some(disk) if disk.free_bytes < needed => {
            let text = format_args!(
                "{}: its disk has {} bytes free, but a backup needs {needed}; make room, or name another place",
                file.display(),
                disk.free_bytes
            );
            Err(problem(exit::FILES, text))
        }
        _ => Ok(()),
    }
}

/// Refuses a name at which something lies already.
fn check_name(file: &Path, force: bool) -> Result<(), Problem> {
    let there = [file.to_owned(), manifest::beside(file)];
    match there.iter().find(|path| path.symlink_metadata().is_ok()) {
        Some(path) if !force => {
            let text =
                format_args!("{} is there already; name another file, or give --force", path.display());
            Err(problem(exit::FAILURE, text))
        }
        _ => Ok(()),
    }
}

/// Verifies a copy that was just made, and says what it is. The chain of its trail is not gone through, which takes
/// long; its end is held against the key and the last anchor.
fn look_at(
    config: &Config,
    draft: &Draft,
    anchor: Option<Head>,
    taken_at: String,
) -> Result<Manifest, Problem> {
    let path = draft.copy();
    let key = keyfile::read(&config.audit.key_file).map_err(|error| problem(exit::FILES, error))?;
    let mut copied = examine(&path, Depth::Quick)?;
    let fits = copied
        .store
        .read()
        .map_err(Failure::from)
        .and_then(|view| audit::check_start(&view, &Key::new(key), anchor));
    copied.store.commit();
    match fits {
        Ok(_) => {}
        Err(Failure::Refused(unfit)) => return Err(not_whole(&path, unfit)),
        Err(Failure::Fault(error)) => return Err(not_whole(&path, error)),
    }
    copied
        .manifest(&path, &config.server.db_path, taken_at)
        .map_err(|error| problem(exit::FILES, format_args!("{}: {error}", path.display())))
}
