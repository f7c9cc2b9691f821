//! Owns the making of a backup, and the question whether one is whole. Never writes to the database but for the
//! entries in its trail, where an operator has called it.
//! Invariant: a file under the name of a backup is whole, was verified and is on disk, and so is its manifest.

mod asked;

use super::examine::{self, described, examine, not_whole};
use super::office::Office;
use super::target;
use super::{Common, Problem, complain, exit, problem, report, say};
use crate::ops::backups::Source;
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
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A backup rests after each piece for as long as that took, or for this, so that half of the disk's time is the
/// server's alone.
const REST_MAX: Duration = Duration::from_millis(100);

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
                .and_then(|()| make_noted(config, file, task.force));
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
fn make_noted(config: &Config, file: &Path, force: bool) -> Result<Manifest, Problem> {
    let source = Source::of(config);
    let draft = begin(&source, file, force)?;
    let shown = file.display().to_string();
    // That somebody is about to take everything along is written down before they have it.
    Office::open(config)?.note("backup", (Action::Read, "database"), "success", &shown)?;
    let made = make(&source, file, draft, || Ok(()));
    let outcome = if made.is_ok() { "success" } else { "failed" };
    let ended = (Action::Execute, "database");
    let noted =
        Office::open(config).and_then(|mut office| office.note("backup.done", ended, outcome, &shown));
    if let Err(problem) = noted {
        complain(format_args!("the audit trail could not say what came of the backup: {}", problem.text));
    }
    made
}

/// Takes the name of a backup for this process, where nothing lies at it and the disk has room.
pub(super) fn begin(source: &Source, file: &Path, force: bool) -> Result<Draft, Problem> {
    restrict_new_files();
    let failed = |reason: &dyn Display| problem(exit::FILES, format_args!("{}: {reason}", file.display()));
    let draft = Draft::begin(file).map_err(|error| failed(&error))?;
    // Now that nobody else can put anything there.
    check_name(file, force)?;
    process::check_room(&source.database, file)
        .map_err(|lack| failed(&format_args!("{lack}; make room, or name another place")))?;
    Ok(draft)
}

/// Makes the backup of which `draft` was begun. Whatever it does, `go_on` is asked again and again, and may say why it
/// is not to.
pub(super) fn make(
    source: &Source,
    file: &Path,
    draft: Draft,
    mut go_on: impl FnMut() -> Result<(), String>,
) -> Result<Manifest, Problem> {
    let files = |reason: &dyn Display| problem(exit::FILES, format_args!("{}: {reason}", file.display()));
    // Before the copy: a server may anchor what comes after it.
    let anchor = examine::anchors(&source.anchor_file)?.pop();
    let taken_at = Now::at(chrono::Local::now()).rfc3339();
    // Brought to disk while it grows. Were all of it left to the end, whoever commits meanwhile would wait until all
    // of it is there, for the file system orders one behind the other.
    let mut begun = Instant::now();
    let between = || {
        go_on()?;
        draft.sync().map_err(|error| error.to_string())?;
        std::thread::sleep(begun.elapsed().min(REST_MAX));
        begun = Instant::now();
        Ok(())
    };
    store::copy(&source.database, &draft.copy(), between).map_err(|error| match error {
        CopyError::Source(error) => {
            problem(exit::DATABASE, format_args!("database {}: {error}", source.database.display()))
        }
        other => files(&other),
    })?;
    let manifest = look_at(source, &draft, anchor, taken_at)?;
    go_on().map_err(|reason| files(&reason))?;
    draft.finish(&manifest).map_err(|error| files(&error))?;
    Ok(manifest)
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
    source: &Source,
    draft: &Draft,
    anchor: Option<Head>,
    taken_at: String,
) -> Result<Manifest, Problem> {
    let path = draft.copy();
    let key = keyfile::read(&source.key_file).map_err(|error| problem(exit::FILES, error))?;
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
        .manifest(&path, &source.database, taken_at)
        .map_err(|error| problem(exit::FILES, format_args!("{}: {error}", path.display())))
}
