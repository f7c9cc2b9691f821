//! What the running server says of itself.
//!
//! It changes nothing of what is served; but it looks at the database's place, and what has changed there is in the log
//! then. Invariant: nothing in it is about a patient, a user or what either has asked for.

use super::bridge::Bridge;
use crate::dispatch::{Outcome, Standing};
use crate::net::Counters;
use crate::ops::files::wal_of;
use crate::ops::measure::Minute;
use crate::ops::process::{self, Disk};
use crate::ops::{admin_socket, log as log_file};
use crate::store;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Less free space than this, or than a twentieth of the disk, is worth a word.
const DISK_FREE_LEAST_BYTES: u64 = 1024 * 1024 * 1024;
const DISK_FREE_LEAST_PART: u64 = 20;
/// A WAL of this length is no longer moved into the file as it should be.
const WAL_LONGEST_BYTES: u64 = 256 * 1024 * 1024;
/// The trail is anchored each minute.
const ANCHOR_OLDEST_S: u64 = 300;

#[derive(Debug, Serialize, Deserialize)]
pub struct Status {
    /// "running" or "stopping".
    pub state: String,
    pub pid: u32,
    pub uptime_s: u64,
    pub version: String,
    pub sqlite: String,
    pub listening_on: String,
    pub metrics_on: Option<String>,
    pub configuration: Configuration,
    pub log: Log,
    pub database: Database,
    pub connections: Connections,
    pub requests: Requests,
    pub commits: Commits,
    /// Requests that wait for a password to be derived.
    pub waiting_logins: usize,
    pub audit: Audit,
    pub backup: Backup,
    pub legacy: Legacy,
    pub open_descriptors: Option<u64>,
    pub resident_bytes: Option<u64>,
    /// Why all is not well, in words.
    pub degraded: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Configuration {
    /// None where only flags and defaults speak.
    pub file: Option<String>,
    /// Of the file as it applies.
    pub sha256: Option<String>,
    pub reloads_applied: u64,
    pub reloads_refused: u64,
    /// Of the last reload: how long ago it was, and whether the file applies.
    pub last_reload_age_s: Option<u64>,
    pub last_reload_was_applied: Option<bool>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Log {
    pub file: String,
    pub dropped_lines: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Database {
    pub file: String,
    pub schema: i32,
    pub bytes: Option<u64>,
    pub wal_bytes: Option<u64>,
    pub disk_free_bytes: Option<u64>,
    pub checkpoint_age_s: Option<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Connections {
    pub now: usize,
    pub peak: usize,
    pub max: usize,
    pub logged_in: usize,
    pub accepted: u64,
    pub rejected: u64,
    pub buffered_bytes: usize,
}

/// Since the start; what is of the last minute says so.
#[derive(Debug, Serialize, Deserialize)]
pub struct Requests {
    pub total: u64,
    pub refused: u64,
    pub failed: u64,
    pub minute: Times,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Commits {
    pub total: u64,
    pub lost: u64,
    /// How many requests a commit has served on average.
    pub requests_each: f64,
    pub minute: Times,
}

/// What the last minute came to.
#[derive(Debug, Serialize, Deserialize)]
pub struct Times {
    pub per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub longest_ms: f64,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Audit {
    pub sequence: Option<i64>,
    pub anchored_sequence: i64,
    /// Since the head was last known to be anchored.
    pub anchor_age_s: Option<u64>,
}

/// Of those that the server has made for itself.
#[derive(Debug, Serialize, Deserialize)]
pub struct Backup {
    /// None where the server makes none.
    pub directory: Option<String>,
    /// One is being made.
    pub is_running: bool,
    /// It is being looked which are there; none is made.
    pub is_looking: bool,
    /// The latest that is there; none, too, until it is known. Where there is a `failure`, it is what was there before,
    /// and nobody knows whether it is still.
    pub last: Option<LastBackup>,
    pub due_at: Option<String>,
    /// Of the last run, if that has made none.
    pub failure: Option<BackupFailure>,
    /// How long the last one took.
    pub duration_s: Option<f64>,
    /// Since the start.
    pub made: u64,
    pub failed: u64,
    /// Those that have only looked which are there count as well.
    pub runs_ended: u64,
    pub is_overdue: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct LastBackup {
    pub file: String,
    pub taken_at: String,
    pub age_s: u64,
    pub bytes: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct BackupFailure {
    pub age_s: u64,
    pub text: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Legacy {
    pub networks: Vec<String>,
    /// Those that are allowed, with how often they were asked for since the start.
    pub operations: Vec<Operation>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Operation {
    pub name: String,
    pub requests: u64,
}

impl Bridge {
    pub(super) fn status(&mut self, counters: &Counters) -> Status {
        let now = Instant::now();
        let standing = self.dispatcher.standing();
        let requests = self.requests(now);
        let commits = Commits {
            total: standing.store.commits,
            lost: standing.store.rollbacks,
            requests_each: rounded(requests.total as f64 / standing.store.commits.max(1) as f64),
            minute: times(self.meter.recent_commits.minute(now)),
        };
        let config = &self.loaded.config;
        let disk = process::disk_of(&config.server.db_path);
        let mut status = Status {
            state: if self.end.is_some() { "stopping" } else { "running" }.to_owned(),
            pid: std::process::id(),
            uptime_s: self.started.elapsed().as_secs(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            sqlite: store::library_version().to_owned(),
            listening_on: self.address.to_string(),
            metrics_on: self.metrics_address.map(|address| address.to_string()),
            configuration: self.configuration(),
            log: Log {
                file: config.server.log_file.display().to_string(),
                dropped_lines: log_file::dropped_lines(),
            },
            database: Database {
                file: config.server.db_path.display().to_string(),
                schema: store::SCHEMA_VERSION,
                bytes: process::file_bytes(&config.server.db_path),
                wal_bytes: process::file_bytes(&wal_of(&config.server.db_path)),
                disk_free_bytes: disk.map(|disk| disk.free_bytes),
                checkpoint_age_s: standing.store.checkpoint_age.map(|age| age.as_secs()),
            },
            connections: Connections {
                now: counters.connections,
                peak: counters.connections_peak,
                max: counters.connections_max,
                logged_in: standing.logged_in,
                accepted: counters.accepted,
                rejected: counters.rejected().map(|(_, count)| count).sum(),
                buffered_bytes: counters.buffered_bytes,
            },
            requests,
            commits,
            waiting_logins: standing.waiting,
            audit: Audit {
                sequence: standing.audit_sequence,
                anchored_sequence: standing.anchored_sequence,
                anchor_age_s: standing.anchored_ms.map(age_s),
            },
            backup: self.backup(),
            legacy: self.legacy(),
            open_descriptors: process::open_descriptors(),
            resident_bytes: process::resident_bytes(),
            degraded: Vec::new(),
        };
        status.degraded = self.degraded(&status, &standing, disk);
        status
    }

    fn configuration(&self) -> Configuration {
        let (reloads, loaded) = (&self.reloads, &self.loaded);
        Configuration {
            file: loaded.file.as_ref().map(|file| file.display().to_string()),
            sha256: loaded.file.as_ref().map(|_| loaded.sha256.clone()),
            reloads_applied: reloads.applied,
            reloads_refused: reloads.refused,
            last_reload_age_s: reloads.last.map(|last| last.at.elapsed().as_secs()),
            last_reload_was_applied: reloads.last.map(|last| last.was_applied),
        }
    }

    fn requests(&mut self, now: Instant) -> Requests {
        let counted = self.dispatcher.counted();
        let sum = |wanted: Outcome| -> u64 {
            let of = |(outcome, count): (Outcome, u64)| if outcome == wanted { count } else { 0 };
            counted.iter().flat_map(|operation| operation.outcomes()).map(of).sum()
        };
        let (refused, failed) = (sum(Outcome::Refused), sum(Outcome::Failed));
        let total = self.meter.requests.total();
        Requests { total, refused, failed, minute: times(self.meter.recent_requests.minute(now)) }
    }

    fn legacy(&self) -> Legacy {
        let legacy = &self.loaded.config.legacy;
        let allowed = |name: &str| legacy.operations.iter().any(|operation| operation == name);
        let counted = self.dispatcher.counted().iter().filter(|one| one.is_old && allowed(one.name));
        Legacy {
            networks: legacy.networks.iter().map(IpNet::to_string).collect(),
            operations: counted
                .map(|one| Operation { name: one.name.to_owned(), requests: one.total() })
                .collect(),
        }
    }

    /// In the order in which an operator should look at them.
    fn degraded(&mut self, status: &Status, standing: &Standing, disk: Option<Disk>) -> Vec<String> {
        let mut reasons = Vec::new();
        let misplaced = self.file.look();
        let mut note = |holds: bool, reason: &str| {
            if holds {
                reasons.push(reason.to_owned());
            }
        };
        note(self.store_failed, "the database cannot be trusted any longer");
        note(misplaced.is_some(), misplaced.unwrap_or_default());
        note(standing.store.is_full, "the disk is full: nothing can be written");
        note(standing.store.is_locked, "another process holds the lock on the database");
        let is_short =
            |disk: Disk| disk.free_bytes < DISK_FREE_LEAST_BYTES.max(disk.total_bytes / DISK_FREE_LEAST_PART);
        note(disk.is_some_and(is_short), "the disk of the database is nearly full");
        let is_long = status.database.wal_bytes.is_some_and(|bytes| bytes > WAL_LONGEST_BYTES);
        note(is_long, "the WAL is long: does another process read the database without an end?");
        note(standing.anchoring_failed.is_some(), "the audit trail could not be anchored");
        let is_old = status.audit.anchor_age_s.unwrap_or(status.uptime_s) > ANCHOR_OLDEST_S;
        note(is_old && standing.anchoring_failed.is_none(), "the audit trail was not anchored for a while");
        let backup = &status.backup;
        let failure = backup.failure.as_ref().map(|failure| format!("no backup was made: {}", failure.text));
        note(failure.is_some(), failure.as_deref().unwrap_or_default());
        note(backup.is_overdue, "there was no backup for a while");
        let refused = self.reloads.last.is_some_and(|last| !last.was_applied);
        note(refused, "the configuration file is not valid; the one before applies");
        note(status.log.dropped_lines > 0, "lines of the log could not be written");
        note(status.connections.now >= status.connections.max, "all connections are in use");
        let socket = admin_socket::beside(&self.loaded.config.server.pid_file);
        note(!socket.exists(), "the file of the admin socket is gone; a restart makes it anew");
        for warning in self.loaded.config.warnings() {
            note(true, &warning);
        }
        reasons
    }
}

fn times(minute: Minute) -> Times {
    let ms = |duration: Duration| rounded(duration.as_secs_f64() * 1000.0);
    Times {
        per_second: rounded(minute.per_second),
        p50_ms: ms(minute.p50),
        p99_ms: ms(minute.p99),
        longest_ms: ms(minute.longest),
    }
}

/// More digits would say nothing.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn age_s(unix_ms: i64) -> u64 {
    u64::try_from((chrono::Utc::now().timestamp_millis() - unix_ms) / 1000).unwrap_or(0)
}
