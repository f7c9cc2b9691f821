//! The backups that the server has made for itself: when, and what has come of them.
//!
//! It never opens a backup, nor looks into their directory, which may lie at the other end of a network: a process of
//! its own does both, and the loop only sees its end. Invariant: at most one such process runs, and none outlives the
//! server's orderly end, unless it hangs in the system; what it leaves is removed by the next one.

use super::bridge::Bridge;
use crate::ops::backups::{Backup, ORDER, Order, Plan, Told};
use crate::ops::config::{self, Config};
use crate::ops::process;
use chrono::{DateTime, Local, SubsecRound, TimeDelta};
use log::{error, info, warn};
use rustix::process::Signal;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// This very program, also where its file was replaced by that of a newer one.
const SELF: &str = "/proc/self/exe";
const NAME: &str = "medsrv";
/// After one that has failed the next is tried this much later, or at its own time where that is sooner.
const RETRY_MIN: u32 = 5;
/// However the clock is set meanwhile, it is looked at again after this.
const LOOK_WITHIN: Duration = Duration::from_secs(60);
/// One that takes longer hangs, or keeps the WAL from being moved into the database for too long.
const RUN_MAX_HOURS: u64 = 6;
const RUN_MAX: Duration = Duration::from_secs(RUN_MAX_HOURS * 60 * 60);
/// How much longer the WAL may become while one is made, which is all that is written meanwhile.
const WAL_GROWTH_MAX_GIB: u64 = 4;
const WAL_GROWTH_MAX_BYTES: u64 = WAL_GROWTH_MAX_GIB * 1024 * 1024 * 1024;
/// What the process says is one line.
const SAID_MAX_BYTES: u64 = 64 * 1024;
/// How long the end waits for a process that was killed; one that hangs in the system is left to it.
const KILL_WAIT: Duration = Duration::from_secs(2);
const KILL_POLL: Duration = Duration::from_millis(5);

pub(super) struct Backups {
    running: Option<Running>,
    is_ending: bool,
    /// True exactly when the process may have ended since it was last looked at.
    may_have_ended: bool,
    /// True exactly when the operator has asked for one that has not been begun.
    is_asked: bool,
    /// True exactly when it is known which backups are there.
    is_known: bool,
    pub last: Option<Backup>,
    /// Why the last run has failed.
    pub failure: Option<Failed>,
    pub made: u64,
    pub failed: u64,
    pub runs_ended: u64,
    /// How long the last one took that was made.
    pub duration: Option<Duration>,
    looks_at: Instant,
}

struct Running {
    child: Child,
    begun: Instant,
    /// How long the WAL was at the beginning.
    wal_bytes: u64,
    /// Why it was killed, once that is so.
    killed_for: Option<String>,
    /// True exactly when `backup.directory` is another one by now than its own.
    is_elsewhere: bool,
}

impl Running {
    fn new(child: Child, wal_bytes: u64) -> Running {
        Running { child, begun: Instant::now(), wal_bytes, killed_for: None, is_elsewhere: false }
    }

    /// Kills it where it has gone on for too long.
    fn limit(&mut self, wal_bytes: u64) {
        if self.killed_for.is_some() {
            return;
        }
        self.killed_for = too_long(self.begun.elapsed(), wal_bytes.saturating_sub(self.wal_bytes));
        if let Some(reason) = &self.killed_for {
            warn!("the process that makes a backup is killed: {reason}");
            // One that has ended meanwhile cannot be killed.
            let _ = self.child.kill();
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Failed {
    pub at: DateTime<Local>,
    pub text: String,
}

impl Backups {
    pub fn new(now: Instant) -> Backups {
        Backups {
            running: None,
            is_ending: false,
            may_have_ended: false,
            is_asked: false,
            is_known: false,
            last: None,
            failure: None,
            made: 0,
            failed: 0,
            runs_ended: 0,
            duration: None,
            looks_at: now,
        }
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// When `tend` is to be called even though nothing happens.
    pub fn alarm(&self) -> Option<Instant> {
        (!self.is_ending).then_some(self.looks_at)
    }

    /// From now on none is begun, and one that is being made is not waited for.
    pub fn give_up(&mut self) {
        self.is_ending = true;
        if let Some(Running { child, .. }) = &mut self.running {
            // One that has ended meanwhile cannot be killed.
            let _ = child.kill();
        }
    }

    /// One of the server's processes has ended.
    pub fn child_ended(&mut self) {
        (self.may_have_ended, self.looks_at) = (true, Instant::now());
    }

    /// Has one begun as soon as none runs, and says as which it ends.
    pub fn ask(&mut self) -> u64 {
        (self.is_asked, self.looks_at) = (true, Instant::now());
        self.runs_ended + 1 + u64::from(self.is_running())
    }

    /// What is there may be something else now.
    pub fn reconsider(&mut self, was: &config::Backup, is: &config::Backup) {
        if was.directory != is.directory {
            self.forget();
            if let Some(running) = &mut self.running {
                running.is_elsewhere = true;
            }
        }
        self.looks_at = Instant::now();
    }

    /// When the next is due; none where it is not known, or none is made.
    pub fn due(&self, config: &config::Backup, now: &DateTime<Local>) -> Option<DateTime<Local>> {
        config.directory.as_ref()?;
        if !self.is_known && self.failure.is_none() {
            return None;
        }
        let due = match self.last.as_ref().map(|last| last.taken_at.with_timezone(&Local)) {
            Some(last) if last <= *now => plan(config).due_after(&last),
            _ => *now,
        };
        let retry = TimeDelta::minutes(i64::from(RETRY_MIN.min(config.every_min)));
        // A failure of later than now is one before the clock was set.
        let tried = self.failure.as_ref().map(|failure| failure.at).filter(|at| at <= now);
        Some(tried.map_or(due, |at| at + retry))
    }

    /// Whether there has been none for longer than there should.
    pub fn is_overdue(&self, config: &config::Backup, uptime: Duration, now: &DateTime<Local>) -> bool {
        let most = match config.overdue_min {
            0 => plan(config).longest() * 2,
            minutes => TimeDelta::minutes(i64::from(minutes)),
        };
        let age = match &self.last {
            Some(last) => now.to_utc() - last.taken_at,
            None => TimeDelta::from_std(uptime).unwrap_or(TimeDelta::MAX),
        };
        config.directory.is_some() && age > most
    }

    /// Sees to the process that has ended, and begins the next where it is time.
    pub fn tend(&mut self, config: &Config) {
        if self.is_ending || Instant::now() < self.looks_at {
            return;
        }
        if std::mem::take(&mut self.may_have_ended) || self.is_running() {
            self.reap();
        }
        let now = Local::now().trunc_subsecs(3);
        self.looks_at = Instant::now() + LOOK_WITHIN;
        if let Some(running) = &mut self.running {
            return running.limit(wal_bytes(config));
        }
        let is_asked = std::mem::take(&mut self.is_asked);
        let due = self.due(&config.backup, &now);
        if is_asked || due.is_none_or(|due| due <= now) {
            self.begin(config, is_asked, now);
        } else if let Some(wait) = due.and_then(|due| (due - now).to_std().ok()) {
            self.looks_at = Instant::now() + wait.min(LOOK_WITHIN);
        }
    }

    fn begin(&mut self, config: &Config, is_asked: bool, now: DateTime<Local>) {
        let Some(directory) = config.backup.directory.clone() else {
            if is_asked {
                self.has_failed(now, "backup.directory is not set any longer".to_owned());
            }
            return;
        };
        let order = order(config, directory, is_asked);
        match spawn(&order) {
            Ok(child) => self.running = Some(Running::new(child, wal_bytes(config))),
            Err(error) => self.has_failed(now, format!("no process could be begun for it: {error}")),
        }
    }

    fn reap(&mut self) {
        let Some(running) = &mut self.running else { return };
        let status = match running.child.try_wait() {
            Ok(None) => return,
            Ok(Some(status)) => Ok(status),
            Err(error) => Err(error),
        };
        let Some(Running { mut child, begun, is_elsewhere, killed_for, .. }) = self.running.take() else {
            return;
        };
        let now = Local::now().trunc_subsecs(3);
        let was_killed = status.as_ref().is_ok_and(|status| status.signal() == Some(Signal::KILL.as_raw()));
        match status.and_then(|status| heard(&mut child, status)) {
            Ok(told) => self.has_ended(told, begun.elapsed()),
            Err(_) if was_killed && self.is_ending => info!("a backup was given up, for the server ends"),
            Err(error) => {
                let reason = killed_for.filter(|_| was_killed);
                self.has_failed(now, reason.unwrap_or_else(|| error.to_string()));
            }
        }
        if is_elsewhere {
            // It counts, but says nothing of the directory that they are in by now.
            self.forget();
        }
    }

    fn forget(&mut self) {
        (self.last, self.failure, self.is_known) = (None, None, false);
    }

    fn has_ended(&mut self, told: Told, duration: Duration) {
        if let (true, Some(last)) = (told.was_made, &told.last) {
            self.made += 1;
            self.duration = Some(duration);
            let (file, seconds) = (last.path.display(), duration.as_secs_f64());
            info!("backup {file} was written, {} bytes in {seconds:.1} s", last.bytes);
        }
        if told.removed > 0 {
            info!("{} backups were removed that are not kept any longer", told.removed);
        }
        if let Some(left) = &told.left {
            warn!("a backup that is not kept any longer could not be removed: {left}");
        }
        (self.last, self.failure, self.is_known) = (told.last, None, true);
        self.runs_ended += 1;
    }

    fn has_failed(&mut self, at: DateTime<Local>, text: String) {
        error!("no backup was made: {text}");
        self.failed += 1;
        self.runs_ended += 1;
        self.failure = Some(Failed { at, text });
    }

    /// Ends the process that runs. Nothing may wait for this: it is after all else that the end has to do.
    pub fn end(mut self) {
        self.give_up();
        let give_up = Instant::now() + KILL_WAIT;
        loop {
            self.reap();
            if !self.is_running() {
                return;
            }
            if Instant::now() >= give_up {
                return warn!("the process that makes a backup does not end; it is left to the system");
            }
            std::thread::sleep(KILL_POLL);
        }
    }
}

/// Why a run is to be ended after so long, while which the WAL has grown by so much.
fn too_long(took: Duration, wal_growth_bytes: u64) -> Option<String> {
    if took > RUN_MAX {
        Some(format!("it took longer than {RUN_MAX_HOURS} hours"))
    } else if wal_growth_bytes > WAL_GROWTH_MAX_BYTES {
        Some(format!("the WAL has grown by more than {WAL_GROWTH_MAX_GIB} GiB while it was made"))
    } else {
        None
    }
}

fn wal_bytes(config: &Config) -> u64 {
    process::file_bytes(&process::wal_of(&config.server.db_path)).unwrap_or(0)
}

fn plan(config: &config::Backup) -> Plan {
    Plan { every_min: config.every_min, times: config.times.clone() }
}

fn order(config: &Config, directory: PathBuf, is_asked: bool) -> Order {
    Order {
        database: config.server.db_path.clone(),
        key_file: config.audit.key_file.clone(),
        anchor_file: config.audit.anchor_file.clone(),
        directory,
        plan: plan(&config.backup),
        keep_last: config.backup.keep_last,
        keep_daily: config.backup.keep_daily,
        at_once: is_asked,
        by_operator: is_asked,
    }
}

fn spawn(order: &Order) -> io::Result<Child> {
    use std::os::unix::process::CommandExt;
    let order = serde_json::to_string(order).map_err(io::Error::other)?;
    Command::new(SELF)
        .arg0(NAME)
        .args([ORDER, &order])
        // A terminal's Ctrl-C is for the server, which ends it.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// What a process has said that has ended, so nothing is waited for.
fn heard(child: &mut Child, status: ExitStatus) -> io::Result<Told> {
    let said = |pipe: Option<&mut dyn Read>| {
        let mut text = String::new();
        match pipe {
            Some(pipe) => pipe.take(SAID_MAX_BYTES).read_to_string(&mut text).map(|_| text),
            None => Ok(text),
        }
    };
    let out = said(child.stdout.as_mut().map(|pipe| pipe as &mut dyn Read))?;
    let complaint = said(child.stderr.as_mut().map(|pipe| pipe as &mut dyn Read))?;
    if status.success() {
        return serde_json::from_str(&out).map_err(io::Error::other);
    }
    let complaint = complaint.trim();
    let complaint = complaint.strip_prefix("medsrv: ").unwrap_or(complaint);
    let complaint =
        if complaint.is_empty() { format!("its process ended by {status}") } else { complaint.to_owned() };
    Err(io::Error::other(complaint))
}

/// How it stands with the backups.
impl Bridge {
    pub(super) fn backup(&self) -> super::status::Backup {
        use super::status::{Backup, BackupFailure, LastBackup};
        let (backups, config, now) = (&self.backups, &self.loaded.config.backup, Local::now());
        let seconds = |since: TimeDelta| u64::try_from(since.num_seconds()).unwrap_or(0);
        let last = backups.last.as_ref().map(|last| LastBackup {
            file: last.path.display().to_string(),
            taken_at: last.taken_at.with_timezone(&Local).to_rfc3339(),
            age_s: seconds(now.to_utc() - last.taken_at),
            bytes: last.bytes,
        });
        Backup {
            directory: config.directory.as_ref().map(|directory| directory.display().to_string()),
            is_running: backups.is_running(),
            last,
            due_at: backups.due(config, &now).map(|due| due.to_rfc3339()),
            failure: backups.failure.as_ref().map(|failure| BackupFailure {
                age_s: seconds(now - failure.at),
                text: failure.text.clone(),
            }),
            duration_s: backups.duration.map(|duration| duration.as_secs_f64()),
            made: backups.made,
            failed: backups.failed,
            runs_ended: backups.runs_ended,
            is_overdue: backups.is_overdue(config, self.started.elapsed(), &now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_ended_where_it_takes_too_long_or_the_wal_grows_too_much() {
        let reason = |took, growth| too_long(took, growth).unwrap_or_default();
        assert_eq!(reason(RUN_MAX, WAL_GROWTH_MAX_BYTES), "");
        assert_eq!(reason(RUN_MAX + Duration::from_secs(1), 0), "it took longer than 6 hours");
        assert!(reason(Duration::ZERO, WAL_GROWTH_MAX_BYTES + 1).contains("more than 4 GiB"));
    }
}
