//! Owns the carrying out of what a running server has ordered: a backup among its own, and the removal of those
//! that are not kept. Never reads the configuration, which may be another one by now than the server's.
//!
//! Invariant: what was told on standard output is on disk; and nothing is gone on with that nobody waits for.

use super::{Problem, backup, exit, problem, report, say};
use crate::ops::backups::{self, Backup, Claim, Order, Told};
use chrono::Utc;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How far this process stands back behind the server that it works for.
const NICE: i32 = 10;
const NEXT_SECOND: Duration = Duration::from_millis(100);
/// Longer than a server's end waits for a process.
const CLAIM_WAIT: Duration = Duration::from_secs(5);
const CLAIM_POLL: Duration = Duration::from_millis(50);

/// `text` is an `Order` in JSON.
pub fn run(text: &str) -> u8 {
    // Where it is not allowed, it goes without.
    let _ = rustix::process::nice(NICE);
    let order = serde_json::from_str::<Order>(text).map_err(|error| problem(exit::USAGE, error));
    report(order.and_then(|order| carry_out(&order)).and_then(|told| {
        say(serde_json::to_string(&told).map_err(|error| problem(exit::INTERNAL, error))?);
        Ok(())
    }))
}

fn carry_out(order: &Order) -> Result<Told, Problem> {
    let Order { source, directory, .. } = order;
    let failed = |error: io::Error| {
        problem(exit::FILES, format_args!("backup.directory {}: {error}", directory.display()))
    };
    let _claim = claim(directory).map_err(failed)?;
    backups::sweep(directory, &source.database).map_err(failed)?;
    let mut told = Told::default();
    prune(order, &mut told);
    if order.makes {
        let file = unused_name(directory, &source.database);
        let draft = backup::begin(source, &file, false)?;
        backup::make(source, &file, draft, is_wanted)?;
        prune(order, &mut told);
    }
    told.last = last(order).map_err(failed)?;
    Ok(told)
}

/// Waits a while for who has the directory: the server before may be about to end its own process.
fn claim(directory: &Path) -> io::Result<Claim> {
    let give_up = Instant::now() + CLAIM_WAIT;
    loop {
        match Claim::take(directory) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < give_up => {
                is_wanted().map_err(io::Error::other)?;
                std::thread::sleep(CLAIM_POLL);
            }
            taken => return taken,
        }
    }
}

/// The server has the other end of standard input for as long as it lives and wants this done.
fn is_wanted() -> Result<(), String> {
    let input = io::stdin();
    let mut asked = PollFd::new(&input, PollFlags::empty());
    match poll(std::slice::from_mut(&mut asked), Some(&Timespec::default())) {
        Ok(0) => Ok(()),
        Ok(_) => Err("the server that has ordered it does not want it any longer".to_owned()),
        Err(error) => Err(format!("it cannot be told whether the server is there: {error}")),
    }
}

/// A name has the second, and there may be a backup of this one.
fn unused_name(directory: &Path, database: &Path) -> PathBuf {
    loop {
        let name = backups::name(directory, database, Utc::now());
        if name.symlink_metadata().is_err() {
            return name;
        }
        std::thread::sleep(NEXT_SECOND);
    }
}

/// That an old one cannot be removed is no reason not to make a new one. One that is said to be of later than now
/// takes nobody's place, and is left for the operator to look at.
fn prune(order: &Order, told: &mut Told) {
    let mut backups = backups::list(&order.directory, &order.source.database).unwrap_or_default();
    let now = Utc::now();
    backups.retain(|backup| backup.taken_at <= now);
    for backup in backups::superfluous(&backups, order.keep_last, order.keep_daily) {
        match backups::remove(backup) {
            Ok(()) => told.removed += 1,
            Err(error) => told.left = Some(format!("{}: {error}", backup.path.display())),
        }
    }
}

/// The latest; one that is said to be of later than now is none to go by.
fn last(order: &Order) -> io::Result<Option<Backup>> {
    let (backups, now) = (backups::list(&order.directory, &order.source.database)?, Utc::now());
    Ok(backups.into_iter().rfind(|backup| backup.taken_at <= now))
}
