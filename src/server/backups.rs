//! The backups that the server has made for itself: when, and what has come of them.
//!
//! It never opens a backup, nor looks into their directory, which may lie at the other end of a network: a process of
//! its own does both, and the loop only sees its end. Invariants: at most one such process runs, but for those that were
//! killed, hang in the system, and see to a directory that is not the server's any longer; and the trail says that one
//! is begun before it is, unless nothing can be written. A process ends by itself where its standard input is closed.
//! The server's end waits for it last, once the next server may begin, and leaves to the system what hangs there; what
//! one leaves is removed by the next.

use super::bridge::Bridge;
use super::file::DatabaseFile;
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
/// After one that has failed the next is tried this much later, or after `every_min` where that is less.
const RETRY_MIN: u32 = 5;
/// However the clock is set meanwhile, it is looked at again after this.
const LOOK_WITHIN: Duration = Duration::from_secs(60);
/// One that takes longer hangs, or keeps the WAL from being moved into the database for too long.
const RUN_MAX_HOURS: u64 = 6;
const RUN_MAX: Duration = Duration::from_secs(RUN_MAX_HOURS * 60 * 60);
/// How much longer the WAL may become while one is made, which is all that is written meanwhile.
const WAL_GROWTH_MAX_GIB: u64 = 4;
const WAL_GROWTH_MAX_BYTES: u64 = WAL_GROWTH_MAX_GIB * 1024 * 1024 * 1024;
/// How long a process has to end by itself before it is killed, and then until it is taken for one that hangs.
const PATIENCE: Duration = Duration::from_secs(5);
/// Why one is given up.
const SERVER_ENDS: &str = "the server ends";
const ELSEWHERE: &str = "backup.directory is another one by now";
/// What the process says is one line.
const SAID_MAX_BYTES: u64 = 64 * 1024;
/// How long the end waits for a process to end by itself, and then for one that was killed; one that hangs in the
/// system is left to it.
const STOP_WAIT: Duration = Duration::from_millis(300);
const KILL_WAIT: Duration = Duration::from_secs(2);
const END_POLL: Duration = Duration::from_millis(5);

pub(super) struct Backups {
    running: Option<Running>,
    /// Those that hang in the system though they were killed.
    aside: Vec<Child>,
    /// For whom one is begun once the trail says so.
    announced: Option<By>,
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
    /// Set once it is to end before it is done.
    stopped: Option<Stopped>,
    /// True exactly when `backup.directory` is another one by now than its own.
    is_elsewhere: bool,
}

struct Stopped {
    reason: String,
    /// Whether it is not wanted any longer; else it has failed.
    is_given_up: bool,
    /// Since when it was asked for its end, or was killed.
    since: Instant,
    is_killed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Operator,
    Server,
}

impl Running {
    /// Has it end by itself; where it has made none then, the first reason is why.
    fn stop(&mut self, reason: &str, is_given_up: bool) {
        self.child.stdin = None;
        let (reason, since) = (reason.to_owned(), Instant::now());
        self.stopped.get_or_insert(Stopped { reason, is_given_up, since, is_killed: false });
    }

    /// Ends it where it has gone on for too long, and with force where it was to end and has not.
    fn limit(&mut self, wal_bytes: u64) {
        match &self.stopped {
            Some(stopped) if !stopped.is_killed && stopped.since.elapsed() >= PATIENCE => self.kill(),
            Some(_) => {}
            None => {
                let reason = too_long(self.begun.elapsed(), wal_bytes.saturating_sub(self.wal_bytes));
                if let Some(reason) = reason {
                    warn!("the process that makes a backup is to end: {reason}");
                    self.stop(&reason, false);
                }
            }
        }
    }

    fn kill(&mut self) {
        // One that has ended meanwhile cannot be killed.
        let _ = self.child.kill();
        if let Some(stopped) = &mut self.stopped {
            (stopped.is_killed, stopped.since) = (true, Instant::now());
        }
    }

    /// Whether it is there still, though it was killed.
    fn hangs(&self) -> bool {
        self.stopped.as_ref().is_some_and(|stopped| stopped.is_killed && stopped.since.elapsed() >= PATIENCE)
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
            aside: Vec::new(),
            announced: None,
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

    /// The server is to end: one that is being made is not wanted any longer, and no other is begun.
    pub fn begin_end(&mut self) {
        self.is_ending = true;
        if let Some(by) = self.announced.take() {
            self.has_given_up(Some(by), SERVER_ENDS);
        }
        if let Some(running) = &mut self.running {
            running.stop(SERVER_ENDS, true);
        }
    }

    /// The trail is about to be closed: it is to say what is known by now.
    pub fn give_up(&mut self) {
        self.begin_end();
        self.reap();
        if let Some(by) = self.running.as_ref().and_then(|running| running.makes_for) {
            self.note(by, DONE, "given_up", SERVER_ENDS.to_owned());
        }
    }

    /// One of the server's processes has ended.
    pub fn child_ended(&mut self) {
        (self.may_have_ended, self.looks_at) = (true, Instant::now());
    }

    /// Has one begun as soon as none runs, and says as which it ends.
    pub fn ask(&mut self) -> u64 {
        (self.is_asked, self.looks_at) = (true, Instant::now());
        self.runs_ended + 1 + u64::from(self.is_running() || self.announced.is_some())
    }

    /// What is there may be something else now.
    pub fn reconsider(&mut self, was: &config::Backup, is: &config::Backup) {
        if was.directory != is.directory {
            self.forget();
            if let Some(by) = self.announced.take() {
                self.has_given_up(Some(by), ELSEWHERE);
            }
            if let Some(running) = &mut self.running {
                running.is_elsewhere = true;
                running.stop(ELSEWHERE, true);
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

    /// Sees to the process that has ended, and begins the next where it is time. `is_noted` says whether the trail has
    /// what it was to say, or cannot have it.
    pub fn tend(&mut self, config: &Config, file: &mut DatabaseFile, is_noted: bool) {
        if Instant::now() < self.looks_at {
            return;
        }
        if std::mem::take(&mut self.may_have_ended) || self.is_running() {
            self.reap();
        }
        let now = Local::now().trunc_subsecs(3);
        self.looks_at = Instant::now() + LOOK_WITHIN;
        if self.waits_for_end(config) || self.is_ending {
            return;
        }
        if let Some(by) = self.announced.take_if(|_| is_noted) {
            // The copy would be of another file, or of a mixture of two.
            match file.look() {
                Some(trouble) => self.has_not_begun(Some(by), now, trouble.to_owned()),
                None => self.begin(config, Some(by), now),
            }
            return;
        }
        if self.announced.is_some() {
            self.looks_at = Instant::now();
            return;
        }
        let due = self.due(&config.backup, &now);
        if std::mem::take(&mut self.is_asked) {
            self.announce(config, By::Operator, now);
        } else if due.is_none_or(|due| due <= now) {
            // What is due is only known where it is known what there is.
            if self.is_known {
                self.announce(config, By::Server, now);
            } else {
                self.begin(config, None, now);
            }
        } else if let Some(wait) = due.and_then(|due| (due - now).to_std().ok()) {
            self.looks_at = Instant::now() + wait.min(LOOK_WITHIN);
        }
    }

    /// Whether the next has to wait for the end of one that runs.
    fn waits_for_end(&mut self, config: &Config) -> bool {
        let Some(running) = &mut self.running else { return false };
        running.limit(wal_bytes(config));
        if running.stopped.is_some() {
            self.looks_at = Instant::now() + PATIENCE;
        }
        // In the same directory the next would hang as well.
        if let Some(running) = self.running.take_if(|running| running.is_elsewhere && running.hangs()) {
            warn!("the process that makes a backup does not end; it is left to the system");
            self.settle(&running, Err(io::Error::other("it hangs")));
            self.aside.push(running.child);
        }
        self.is_running()
    }

    /// Has the trail say that one is begun, which it then is.
    fn announce(&mut self, config: &Config, by: By, now: DateTime<Local>) {
        match &config.backup.directory {
            Some(directory) => {
                self.note(by, BEGUN, "success", directory.display().to_string());
                (self.announced, self.looks_at) = (Some(by), Instant::now());
            }
            None if by == By::Operator => {
                self.has_failed(now, "backup.directory is not set any longer".to_owned());
            }
            None => {}
        }
    }

    fn begin(&mut self, config: &Config, makes_for: Option<By>, now: DateTime<Local>) {
        let Some(directory) = config.backup.directory.clone() else { return };
        let child = match spawn(&order(config, directory, makes_for.is_some())) {
            Ok(child) => child,
            Err(error) => {
                let reason = format!("no process could be begun for it: {error}");
                return self.has_not_begun(makes_for, now, reason);
            }
        };
        let (begun, wal_bytes) = (Instant::now(), wal_bytes(config));
        self.running =
            Some(Running { child, makes_for, begun, wal_bytes, stopped: None, is_elsewhere: false });
    }

    fn has_not_begun(&mut self, makes_for: Option<By>, now: DateTime<Local>, reason: String) {
        if let Some(by) = makes_for {
            self.note(by, DONE, "failed", reason.clone());
        }
        self.has_failed(now, reason);
    }

    fn reap(&mut self) {
        self.aside.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        let Some(running) = &mut self.running else { return };
        let status = match running.child.try_wait() {
            Ok(None) => return,
            Ok(Some(status)) => Ok(status),
            Err(error) => Err(error),
        };
        if let Some(mut running) = self.running.take() {
            let ended = status.and_then(|status| heard(&mut running.child, status));
            self.settle(&running, ended);
        }
    }

    /// Says what has come of one.
    fn settle(&mut self, running: &Running, ended: io::Result<Told>) {
        let by = running.makes_for;
        match (ended, &running.stopped) {
            (Ok(told), _) => {
                let file = told.last.as_ref().map(|last| last.path.display().to_string());
                if let Some(by) = by {
                    self.note(by, DONE, "success", file.unwrap_or_default());
                }
                self.has_ended(told, by.map(|_| running.begun.elapsed()));
            }
            (Err(_), Some(Stopped { reason, is_given_up: true, .. })) => self.has_given_up(by, reason),
            (Err(error), stopped) => {
                let reason = stopped.as_ref().map_or(error.to_string(), |stopped| stopped.reason.clone());
                if let Some(by) = by {
                    self.note(by, DONE, "failed", reason.clone());
                }
                self.has_failed(Local::now().trunc_subsecs(3), reason);
            }
        }
        if running.is_elsewhere {
            // It counts, but says nothing of the directory that they are in by now.
            self.forget();
        }
    }

    /// An operator who has asked for it gets another one in its place, where one is still made.
    fn has_given_up(&mut self, by: Option<By>, reason: &str) {
        if let Some(by) = by {
            self.note(by, DONE, "given_up", reason.to_owned());
            info!("a backup was given up: {reason}");
        }
        if by == Some(By::Operator) && !self.is_asked {
            self.is_asked = true;
        } else {
            self.runs_ended += 1;
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

    /// Waits for the process that was given up, of which only the log can tell by now. Nothing may wait for this: it is
    /// after all else that the end has to do.
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

    #[test]
    fn one_that_hangs_in_a_directory_of_before_lets_another_begin_and_is_reaped_once_it_ends() {
        let directory = |name: &str| config::Backup { directory: Some(name.into()), ..Default::default() };
        let mut backups = Backups::new(Instant::now());
        let child = Command::new("sleep").arg("1000").stdin(Stdio::piped()).spawn().unwrap();
        let (begun, makes_for) = (Instant::now(), Some(By::Operator));
        backups.running =
            Some(Running { child, makes_for, begun, wal_bytes: 0, stopped: None, is_elsewhere: false });
        backups.reconsider(&directory("before"), &directory("now"));
        let config = Config::default();
        assert!(backups.waits_for_end(&config), "it has time to end by itself");
        // As where it was killed, and is there all the same.
        let stopped = backups.running.as_mut().unwrap().stopped.as_mut().unwrap();
        stopped.is_killed = true;
        assert!(backups.waits_for_end(&config));
        let stopped = backups.running.as_mut().unwrap().stopped.as_mut().unwrap();
        stopped.since = begun.checked_sub(2 * PATIENCE).unwrap();
        assert!(!backups.waits_for_end(&config));
        assert!(backups.is_asked && backups.failed == 0, "the operator gets one in the other directory");
        let acts: Vec<_> = backups.take_acts().into_iter().map(|act| (act.method, act.outcome)).collect();
        assert_eq!(acts, [(DONE, "given_up")]);
        backups.aside[0].kill().unwrap();
        backups.aside[0].wait().unwrap();
        backups.reap();
        assert!(backups.aside.is_empty());
    }
}
