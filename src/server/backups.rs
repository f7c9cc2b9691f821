//! The backups that the server has made for itself: when, and what has come of them.
//!
//! It never opens a backup, nor looks into their directory, which may lie at the other end of a network: a process of
//! its own does both, and the loop only sees its end. Invariant: at most one such process runs. It ends by itself where
//! its standard input is closed, so none outlives the server, unless it hangs in the system; what it leaves is removed
//! by the next one.

use super::bridge::Bridge;
use crate::dispatch::Act;
use crate::ops::backups::{Backup, ORDER, Order, Plan, Source, Told};
use crate::ops::config::{self, Config};
use crate::ops::files::wal_of;
use crate::ops::process;
use crate::service::audit::Action;
use chrono::{DateTime, Local, SubsecRound, TimeDelta};
use log::{error, info, warn};
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// This very program, also where its file was replaced by that of a newer one.
const SELF: &str = "/proc/self/exe";
const NAME: &str = "medsrv";
/// What the trail has, with what came of it.
const BEGUN: &str = "backup";
const DONE: &str = "backup.done";
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
/// How long the end waits for a process to end by itself, and then for one that was killed; one that hangs in the
/// system is left to it.
const STOP_WAIT: Duration = Duration::from_millis(300);
const KILL_WAIT: Duration = Duration::from_secs(2);
const END_POLL: Duration = Duration::from_millis(5);

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
    /// What the trail is to say, until it is asked for.
    acts: Vec<Act>,
}

struct Running {
    child: Child,
    /// For whom it makes a backup; none where it only looks which are there.
    makes_for: Option<By>,
    begun: Instant,
    /// How long the WAL was at the beginning.
    wal_bytes: u64,
    /// Why it is to end before it is done, once that is so.
    stopped_for: Option<String>,
    /// True exactly when `backup.directory` is another one by now than its own.
    is_elsewhere: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Operator,
    Server,
}

impl Running {
    /// Has it end by itself; where it has made none then, `reason` is why.
    fn stop(&mut self, reason: String) {
        self.child.stdin = None;
        self.stopped_for = Some(reason);
    }

    /// Ends it where it has gone on for too long, and at the next look with more force.
    fn limit(&mut self, wal_bytes: u64) {
        if self.stopped_for.is_some() {
            return self.kill();
        }
        let reason = too_long(self.begun.elapsed(), wal_bytes.saturating_sub(self.wal_bytes));
        if let Some(reason) = reason {
            warn!("the process that makes a backup is to end: {reason}");
            self.stop(reason);
        }
    }

    fn kill(&mut self) {
        // One that has ended meanwhile cannot be killed.
        let _ = self.child.kill();
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
            acts: Vec::new(),
        }
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// When `tend` is to be called even though nothing happens.
    pub fn alarm(&self) -> Instant {
        self.looks_at
    }

    /// What the trail is to say and does not yet.
    pub fn take_acts(&mut self) -> Vec<Act> {
        std::mem::take(&mut self.acts)
    }

    fn note(&mut self, by: By, method: &'static str, outcome: &'static str, detail: String) {
        let action = if method == BEGUN { Action::Read } else { Action::Execute };
        let by_operator = by == By::Operator;
        self.acts.push(Act { by_operator, method, of: (action, "database"), outcome, detail });
    }

    /// The server ends: one that is being made is not wanted any longer.
    pub fn give_up(&mut self) {
        self.reap();
        self.is_ending = true;
        let Some(running) = &mut self.running else { return };
        running.stop("the server ends".to_owned());
        if let Some(by) = running.makes_for {
            self.note(by, DONE, "given_up", "the server ends".to_owned());
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
        if Instant::now() < self.looks_at {
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
        let due = self.due(&config.backup, &now);
        if std::mem::take(&mut self.is_asked) {
            self.begin(config, Some(By::Operator), now);
        } else if due.is_none_or(|due| due <= now) {
            // What is due is only known where it is known what there is.
            self.begin(config, self.is_known.then_some(By::Server), now);
        } else if let Some(wait) = due.and_then(|due| (due - now).to_std().ok()) {
            self.looks_at = Instant::now() + wait.min(LOOK_WITHIN);
        }
    }

    fn begin(&mut self, config: &Config, makes_for: Option<By>, now: DateTime<Local>) {
        let Some(directory) = config.backup.directory.clone() else {
            if makes_for == Some(By::Operator) {
                self.has_failed(now, "backup.directory is not set any longer".to_owned());
            }
            return;
        };
        let shown = directory.display().to_string();
        let child = match spawn(&order(config, directory, makes_for.is_some())) {
            Ok(child) => child,
            Err(error) => return self.has_failed(now, format!("no process could be begun for it: {error}")),
        };
        let (begun, wal_bytes) = (Instant::now(), wal_bytes(config));
        self.running =
            Some(Running { child, makes_for, begun, wal_bytes, stopped_for: None, is_elsewhere: false });
        if let Some(by) = makes_for {
            self.note(by, BEGUN, "success", shown);
        }
    }

    fn reap(&mut self) {
        let Some(running) = &mut self.running else { return };
        let status = match running.child.try_wait() {
            Ok(None) => return,
            Ok(Some(status)) => Ok(status),
            Err(error) => Err(error),
        };
        let Some(Running { mut child, begun, is_elsewhere, makes_for, stopped_for, .. }) =
            self.running.take()
        else {
            return;
        };
        let now = Local::now().trunc_subsecs(3);
        let ended = status.and_then(|status| heard(&mut child, status));
        match ended.map_err(|error| stopped_for.unwrap_or_else(|| error.to_string())) {
            Ok(told) => {
                let file = told.last.as_ref().map(|last| last.path.display().to_string());
                if let Some(by) = makes_for {
                    self.note(by, DONE, "success", file.unwrap_or_default());
                }
                self.has_ended(told, makes_for.map(|_| begun.elapsed()));
            }
            Err(_) if self.is_ending && makes_for.is_none() => {}
            // The trail says so already.
            Err(_) if self.is_ending => info!("a backup was given up, for the server ends"),
            Err(reason) => {
                if let Some(by) = makes_for {
                    self.note(by, DONE, "failed", reason.clone());
                }
                self.has_failed(now, reason);
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

    /// `took` is how long it took to make one, where one was made.
    fn has_ended(&mut self, told: Told, took: Option<Duration>) {
        if let (Some(took), Some(last)) = (took, &told.last) {
            self.made += 1;
            self.duration = Some(took);
            let (file, seconds) = (last.path.display(), took.as_secs_f64());
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

    /// Waits for the process that was given up. Nothing may wait for this: it is after all else that the end has to do.
    pub fn end(mut self) {
        if self.has_ended_within(STOP_WAIT) {
            return;
        }
        self.running.iter_mut().for_each(Running::kill);
        if !self.has_ended_within(KILL_WAIT) {
            warn!("the process that makes a backup does not end; it is left to the system");
        }
    }

    fn has_ended_within(&mut self, wait: Duration) -> bool {
        let give_up = Instant::now() + wait;
        loop {
            self.reap();
            if !self.is_running() {
                return true;
            }
            if Instant::now() >= give_up {
                return false;
            }
            std::thread::sleep(END_POLL);
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
    process::file_bytes(&wal_of(&config.server.db_path)).unwrap_or(0)
}

fn plan(config: &config::Backup) -> Plan {
    Plan { every_min: config.every_min, times: config.times.clone() }
}

fn order(config: &Config, directory: PathBuf, makes: bool) -> Order {
    let config::Backup { keep_last, keep_daily, .. } = config.backup;
    Order { source: Source::of(config), directory, keep_last, keep_daily, makes }
}

fn spawn(order: &Order) -> io::Result<Child> {
    use std::os::unix::process::CommandExt;
    let order = serde_json::to_string(order).map_err(io::Error::other)?;
    Command::new(SELF)
        .arg0(NAME)
        .args([ORDER, &order])
        // A terminal's Ctrl-C is for the server, which ends it.
        .process_group(0)
        // By which it knows that the server is there and wants it to go on.
        .stdin(Stdio::piped())
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
        let makes = backups.running.as_ref().map(|running| running.makes_for.is_some());
        let last = backups.last.as_ref().map(|last| LastBackup {
            file: last.path.display().to_string(),
            taken_at: last.taken_at.with_timezone(&Local).to_rfc3339(),
            age_s: seconds(now.to_utc() - last.taken_at),
            bytes: last.bytes,
        });
        Backup {
            directory: config.directory.as_ref().map(|directory| directory.display().to_string()),
            is_running: makes == Some(true),
            is_looking: makes == Some(false),
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
