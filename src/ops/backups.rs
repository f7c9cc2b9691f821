//! Owns the backups that a server has made for itself: their names, which of them are kept, and when the next is
//! due. Never makes one, and never opens a database.
//!
//! Invariant: only what bears such a name, and has a manifest that names this very database, is ever counted or
//! removed; the latest that is whole never is removed.

use super::config::Config;
use super::files::endings;
use super::manifest::{self, beside};
use chrono::{DateTime, Days, Local, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The moment in a backup's name, in UTC.
const MOMENT: &str = "%Y%m%dT%H%M%SZ";
/// Days that are looked through for a time of the day: one that the clock leaves out is there on the next.
const DAYS_AHEAD: u64 = 3;

/// The word before an `Order` in JSON, by which a server's own program knows what it is to do.
pub const ORDER: &str = "scheduled-backup";

/// What a backup is made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub database: PathBuf,
    pub key_file: PathBuf,
    pub anchor_file: PathBuf,
}

impl Source {
    pub fn of(config: &Config) -> Source {
        Source {
            database: config.server.db_path.clone(),
            key_file: config.audit.key_file.clone(),
            anchor_file: config.audit.anchor_file.clone(),
        }
    }
}

/// What a server asks of the process that sees to its backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub source: Source,
    pub directory: PathBuf,
    pub keep_last: usize,
    pub keep_daily: usize,
    /// Whether a backup is made; else it is only looked which are there.
    pub makes: bool,
}

/// What has come of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The latest that is there.
    pub last: Option<Backup>,
    /// How many were removed because they are not kept any longer.
    pub removed: usize,
    /// One that could not be removed, and why.
    pub left: Option<String>,
}

/// A backup that is there, with its manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    pub path: PathBuf,
    pub taken_at: DateTime<Utc>,
    pub bytes: u64,
}

/// When backups are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub every_min: u32,
    /// `HH:MM`; where there are any, `every_min` says nothing.
    pub times: Vec<String>,
}

impl Plan {
    /// When the next is due after one that was begun at `last`.
    pub fn due_after<Zone: TimeZone>(&self, last: &DateTime<Zone>) -> DateTime<Zone> {
        let interval = last.clone() + TimeDelta::minutes(i64::from(self.every_min));
        self.next_time_after(last).unwrap_or(interval)
    }

    fn next_time_after<Zone: TimeZone>(&self, last: &DateTime<Zone>) -> Option<DateTime<Zone>> {
        let times: Vec<NaiveTime> = self.times.iter().filter_map(|time| time_of_day(time)).collect();
        let today = last.date_naive();
        (0..DAYS_AHEAD)
            .filter_map(|day| today.checked_add_days(Days::new(day)))
            .flat_map(|day| times.iter().map(move |time| day.and_time(*time)))
            .filter_map(|local| local.and_local_timezone(last.timezone()).earliest())
            .filter(|moment| moment > last)
            .min()
    }

    /// The longest time from one to the next.
    pub fn longest(&self) -> TimeDelta {
        let mut times: Vec<NaiveTime> = self.times.iter().filter_map(|time| time_of_day(time)).collect();
        times.sort();
        let Some((first, last)) = times.first().zip(times.last()) else {
            return TimeDelta::minutes(i64::from(self.every_min));
        };
        let over_midnight = TimeDelta::days(1) - (*last - *first);
        let between = times.iter().zip(times.iter().skip(1)).map(|(one, next)| *next - *one);
        between.fold(over_midnight, TimeDelta::max)
    }
}

fn time_of_day(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").ok()
}

/// The name of a backup that is begun now.
pub fn name(directory: &Path, database: &Path, now: DateTime<Utc>) -> PathBuf {
    let mut name = beginning(database);
    name.push(now.format(MOMENT).to_string());
    name.push(".db");
    directory.join(name)
}

fn beginning(database: &Path) -> OsString {
    let mut beginning = database.file_stem().unwrap_or_default().to_owned();
    beginning.push("-");
    beginning
}

/// The length of what `MOMENT` makes.
const MOMENT_BYTES: usize = "20260131T120000Z".len();
/// What may lie under the name of a backup: it, its manifest, what either was called before it was whole, and the lock.
const ENDINGS: [&str; 5] = [".db", ".db.json", ".db.partial", ".db.json.partial", ".db.partial.lock"];

/// All that may be of this database's backups, by the name of the backup.
fn found(directory: &Path, database: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let beginning = beginning(database);
    let backup = |ending: String| {
        let (moment, rest) = ending.split_at_checked(MOMENT_BYTES)?;
        NaiveDateTime::parse_from_str(moment, MOMENT).ok()?;
        let mut name = beginning.clone();
        name.push(moment);
        name.push(".db");
        ENDINGS.contains(&rest).then(|| directory.join(name))
    };
    Ok(endings(directory, &beginning)?.into_iter().filter_map(backup).collect())
}

/// The backups that are there and whole as far as their length says, from the oldest to the latest.
pub fn list(directory: &Path, database: &Path) -> io::Result<Vec<Backup>> {
    let whole = |path: PathBuf| {
        let manifest = manifest::read(&path).ok()?;
        let file = fs::symlink_metadata(&path).ok()?;
        let is_ours = manifest.database.as_deref() == Some(database);
        let taken_at = DateTime::parse_from_rfc3339(&manifest.taken_at).ok()?.to_utc();
        let backup = Backup { path, taken_at, bytes: manifest.bytes };
        (is_ours && file.is_file() && file.len() == manifest.bytes).then_some(backup)
    };
    let mut backups: Vec<Backup> = found(directory, database)?.into_iter().filter_map(whole).collect();
    backups.sort_by_key(|backup| backup.taken_at);
    Ok(backups)
}

/// Those that are not kept: neither among the last `keep_last`, nor the last one of its day on one of the last
/// `keep_daily` days that have any.
pub fn superfluous(backups: &[Backup], keep_last: usize, keep_daily: usize) -> Vec<&Backup> {
    let day = |backup: &Backup| backup.taken_at.with_timezone(&Local).date_naive();
    let mut days = BTreeSet::new();
    let mut superfluous = Vec::new();
    for (place, backup) in backups.iter().rev().enumerate() {
        let is_last_of_day = days.insert(day(backup));
        let is_kept = place < keep_last.max(1) || (is_last_of_day && days.len() <= keep_daily);
        if !is_kept {
            superfluous.push(backup);
        }
    }
    superfluous
}

/// Removes a backup: its file first, for a backup is there with its manifest or not at all.
pub fn remove(backup: &Backup) -> io::Result<()> {
    fs::remove_file(&backup.path)?;
    fs::remove_file(beside(&backup.path))
}

/// Removes what backups that were interrupted have left.
pub fn sweep(directory: &Path, database: &Path) -> io::Result<()> {
    found(directory, database)?.iter().try_for_each(|backup| manifest::sweep(backup, database))
}

/// Keeps others that carry out orders from a directory for as long as it lives.
#[derive(Debug)]
pub struct Claim(#[expect(dead_code, reason = "the lock is held by being open")] File);

impl Claim {
    /// # Errors
    /// Where there is no such directory, or another process has it.
    pub fn take(directory: &Path) -> io::Result<Claim> {
        let opened = File::open(directory)?;
        match flock(&opened, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => {
                let text = "another process makes a backup there; try again";
                Err(io::Error::new(io::ErrorKind::WouldBlock, text))
            }
            // Some network file systems have no locks on directories; there, each backup has its own.
            _ => Ok(Claim(opened)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::files::with_suffix;
    use crate::ops::manifest::{AuditHead, Draft, FORMAT, Manifest};
    use chrono::FixedOffset;

    fn moment(text: &str) -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339(text).unwrap()
    }

    fn plan(every_min: u32, times: &[&str]) -> Plan {
        Plan { every_min, times: times.iter().map(|time| (*time).to_owned()).collect() }
    }

    #[test]
    fn the_next_is_due_after_the_interval_or_at_the_next_time_of_the_day() {
        let last = moment("2026-01-31T12:00:05+08:00");
        for (every_min, times, due) in [
            (60, &[][..], "2026-01-31T13:00:05+08:00"),
            (60, &["12:00"], "2026-02-01T12:00:00+08:00"),
            (60, &["18:30", "02:30"], "2026-01-31T18:30:00+08:00"),
            (1, &["12:00", "11:00"], "2026-02-01T11:00:00+08:00"),
        ] {
            assert_eq!(plan(every_min, times).due_after(&last), moment(due), "{times:?}");
        }
        let hourly = plan(60, &[]);
        assert_eq!(hourly.longest(), TimeDelta::hours(1));
        assert_eq!(plan(1, &["03:00"]).longest(), TimeDelta::days(1));
        assert_eq!(plan(1, &["20:00", "08:00", "10:00"]).longest(), TimeDelta::hours(12));
    }

    fn backups(hours: impl Iterator<Item = i64>) -> Vec<Backup> {
        let begin = Local.with_ymd_and_hms(2026, 1, 1, 0, 30, 0).unwrap().to_utc();
        hours
            .map(|hour| begin + TimeDelta::hours(hour))
            .map(|taken_at| Backup { path: taken_at.to_rfc3339().into(), taken_at, bytes: 1 })
            .collect()
    }

    #[test]
    fn the_last_are_kept_and_the_last_of_each_day_and_never_none() {
        let hourly = backups(0..100);
        let kept = |keep_last, keep_daily| {
            let gone = superfluous(&hourly, keep_last, keep_daily);
            (0..100).filter(|at| !gone.contains(&&hourly[*at])).collect::<Vec<usize>>()
        };
        assert_eq!(kept(3, 0), [97, 98, 99]);
        assert_eq!(kept(0, 0), [99]);
        assert_eq!(kept(2, 3), [71, 95, 98, 99]);
        assert_eq!(kept(1, 1000), [23, 47, 71, 95, 99]);
        assert!(superfluous(&[], 1, 1).is_empty());
    }

    fn put(directory: &Path, database: &Path, hour: u32) -> PathBuf {
        let now = Utc.with_ymd_and_hms(2026, 1, 31, hour, 0, 0).unwrap();
        let path = name(directory, database, now);
        let manifest = Manifest {
            format: FORMAT,
            taken_at: now.to_rfc3339(),
            database: Some(database.to_owned()),
            medsrv: String::new(),
            sqlite: String::new(),
            schema: 1,
            bytes: 3,
            sha256: String::new(),
            counts: Default::default(),
            dangling_references: 0,
            audit: AuditHead { sequence: 0, hash: String::new() },
        };
        fs::write(&path, "abc").unwrap();
        fs::write(beside(&path), serde_json::to_string(&manifest).unwrap()).unwrap();
        path
    }

    #[test]
    fn what_is_another_databases_or_bears_another_name_is_let_alone() {
        let directory = tempfile::tempdir().unwrap();
        let (here, ours) = (directory.path(), Path::new("/data/a.db"));
        let (first, second) = (put(here, ours, 1), put(here, ours, 2));
        put(here, Path::new("/drill/a.db"), 3);
        fs::rename(put(here, ours, 4), here.join("by-hand.db")).unwrap();
        fs::write(put(here, ours, 5), "half").unwrap();
        fs::remove_file(beside(&put(here, ours, 6))).unwrap();
        let listed = list(here, ours).unwrap();
        assert_eq!(listed.iter().map(|backup| &backup.path).collect::<Vec<_>>(), [&first, &second]);
        remove(&listed[0]).unwrap();
        assert_eq!(list(here, ours).unwrap().len(), 1);
        // The manifest of what was moved away, or never came to its name.
        let orphan = name(here, ours, Utc.with_ymd_and_hms(2026, 1, 31, 4, 0, 0).unwrap());
        assert!(beside(&orphan).exists());
        let half = with_suffix(&second, ".partial");
        fs::write(&half, "half").unwrap();
        let left_lock = with_suffix(&orphan, ".partial.lock");
        fs::write(&left_lock, "").unwrap();
        let held = name(here, ours, Utc.with_ymd_and_hms(2026, 1, 31, 7, 0, 0).unwrap());
        let draft = Draft::begin(&held).unwrap();
        fs::write(draft.copy(), "held").unwrap();
        sweep(here, ours).unwrap();
        assert!(!beside(&orphan).exists() && !half.exists() && !left_lock.exists());
        assert!(draft.copy().exists());
        assert!(second.exists() && here.join("by-hand.db").exists());
    }

    #[test]
    fn one_process_at_a_time_has_a_directory() {
        let directory = tempfile::tempdir().unwrap();
        let claim = Claim::take(directory.path()).unwrap();
        assert!(Claim::take(directory.path()).unwrap_err().to_string().contains("another process"));
        drop(claim);
        Claim::take(directory.path()).unwrap();
    }
}
