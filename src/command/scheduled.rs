//! Owns the carrying out of what a running server has ordered: a backup among its own, and the removal of those
//! that are not kept. Never reads the configuration, which may be another one by now than the server's.
//!
//! Invariant: what was told on standard output is on disk.

use super::office::Actor;
use super::{Problem, backup, exit, problem, report, say};
use crate::ops::backups::{self, Backup, Claim, Order, Told};
use crate::ops::config::Config;
use chrono::{Local, Utc};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How far this process stands back behind the server that it works for.
const NICE: i32 = 10;
const NEXT_SECOND: Duration = Duration::from_millis(100);

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
    let Order { directory, database, .. } = order;
    let failed = |error: io::Error| {
        problem(exit::FILES, format_args!("backup.directory {}: {error}", directory.display()))
    };
    let _claim = Claim::take(directory).map_err(failed)?;
    backups::sweep(directory, database).map_err(failed)?;
    let mut told = Told::default();
    prune(order, &mut told);
    let now = Local::now();
    let last = last(order, &now.to_utc()).map_err(failed)?;
    let taken_at = last.as_ref().map(|last| last.taken_at.with_timezone(&Local));
    if !order.at_once && !order.plan.is_due(taken_at.as_ref(), &now) {
        return Ok(Told { last, ..told });
    }
    let file = unused_name(directory, database);
    let actor = || if order.by_operator { Actor::asked() } else { Actor::server() };
    backup::make(&config(order), &file, false, actor)?;
    prune(order, &mut told);
    let last = self::last(order, &Utc::now()).map_err(failed)?;
    Ok(Told { last, was_made: true, ..told })
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
    let mut backups = backups::list(&order.directory, &order.database).unwrap_or_default();
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
fn last(order: &Order, now: &chrono::DateTime<Utc>) -> io::Result<Option<Backup>> {
    let backups = backups::list(&order.directory, &order.database)?;
    Ok(backups.into_iter().rfind(|backup| backup.taken_at <= *now))
}

/// As the server has it, as far as a backup needs it.
fn config(order: &Order) -> Config {
    let mut config = Config::default();
    config.server.db_path.clone_from(&order.database);
    config.audit.key_file.clone_from(&order.key_file);
    config.audit.anchor_file.clone_from(&order.anchor_file);
    config
}
