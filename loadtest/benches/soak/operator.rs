//! What an operator and their programs do beside the load: reload, rotate, back up, look.
//!
//! It never sends a request. Invariant: nothing here waits for the server while the load runs; what was begun is
//! looked at in a later turn.

use crate::Outcome;
use crate::figures::{Figures, Sample, Verdicts};
use crate::place::{Answered, Called, Place};
use rustix::process::Signal;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// How long a broken configuration stays; nothing is called meanwhile that reads it.
const BROKEN_FOR: Duration = seconds(4);
/// How long after a rotation the server has its new log for certain.
const REOPENED_AFTER: Duration = seconds(2);
const LOG: &str = "data/server.log";
/// A reason why all is not well that is none of the server's making.
const OF_THE_MACHINE: &str = "the disk of the database is nearly full";
const BACKUPS_KEPT: u32 = 2;
/// Distinct lines of the log that are told.
const LINES_TOLD: usize = 8;

/// The configurations that take turns. The levels differ, and one deadline, which counts for all connections.
const CONFIGURATIONS: [&str; 2] = [
    "",
    "[log]\nlevel = \"debug\"\nslow_ms = 200\n[deadlines]\nidle_ms = 200000\n[limits]\nconnections_max = 5000\n",
];
const BROKEN: [&str; 4] = [
    "[log]\nlevel = \"loud\"\n",
    "[server\n",
    "[limits]\nconnections_max = 0\n",
    "[legacy]\nnetworks = [\"x\"]\n",
];

/// Something that is done again and again.
struct Every {
    next: Duration,
    each: Duration,
}

impl Every {
    fn is_due(&mut self, now: Duration) -> bool {
        let is_due = now >= self.next;
        if is_due {
            self.next += self.each;
        }
        is_due
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Job {
    Status,
    Metrics,
    Backup(u32),
    Verify(u32),
}

pub struct Operator<'a> {
    place: &'a Place,
    sample: Every,
    reload: Every,
    rotate: Every,
    backup: Every,
    ask: Every,
    jobs: Vec<(Job, Called)>,
    reloads: u32,
    /// When a valid configuration comes back.
    mended_at: Option<Duration>,
    /// The log that was renamed, and when it is looked at.
    rotated: Option<(PathBuf, Duration)>,
    did: Did,
}

/// What was done, and what of it was not as it must be.
#[derive(Default)]
pub struct Did {
    applied: u32,
    refused: u32,
    rotations: u32,
    backups_begun: u32,
    backups_verified: u32,
    slowest_backup: Duration,
    asked: u32,
    wrong: Vec<String>,
    /// The last metrics.
    metrics: String,
    /// Each reason why all was not well.
    degraded: BTreeSet<String>,
    /// Lines of the log that tell of something grave, without their times, and how often each.
    grave: BTreeMap<String, u32>,
    slow: u32,
}

impl Operator<'_> {
    pub fn new(place: &Place) -> Operator<'_> {
        let every = |next, each| Every { next: seconds(next), each: seconds(each) };
        Operator {
            place,
            sample: every(0, 1),
            reload: every(30, 30),
            rotate: every(20, 60),
            backup: every(72, 300),
            ask: every(8, 10),
            jobs: Vec::new(),
            reloads: 0,
            mended_at: None,
            rotated: None,
            did: Did::default(),
        }
    }

    /// Whether something was begun that is not done.
    pub fn is_busy(&self) -> bool {
        !self.jobs.is_empty() || self.mended_at.is_some() || self.rotated.is_some()
    }

    /// Does what is due. Once the run is not open any longer, only what was begun is ended.
    pub fn look(&mut self, now: Duration, is_open: bool, figures: &mut Figures) -> Outcome<()> {
        if self.sample.is_due(now) && is_open {
            figures.sample(&self.sampled()?);
        }
        if self.mended_at.is_some_and(|at| now >= at) {
            self.mended_at = None;
            self.place.configure(CONFIGURATIONS[0])?;
            self.place.signal(Signal::HUP)?;
            self.did.applied += 1;
        }
        if let Some((path, _)) = self.rotated.take_if(|(_, at)| now >= *at) {
            self.read_log(path)?;
        }
        if is_open {
            self.begin(now, figures)?;
        }
        let mut running = Vec::new();
        for (job, mut called) in std::mem::take(&mut self.jobs) {
            match called.answered()? {
                None => running.push((job, called)),
                Some(answered) => self.ended(job, &called, answered, figures)?,
            }
        }
        self.jobs.append(&mut running);
        Ok(())
    }

    fn sampled(&self) -> Outcome<Sample> {
        Ok(Sample {
            memory: self.place.memory()?,
            database: self.place.size("data/MedicalSystem.db"),
            wal: self.place.size("data/MedicalSystem.db-wal"),
        })
    }

    fn begin(&mut self, now: Duration, figures: &mut Figures) -> Outcome<()> {
        if self.reload.is_due(now) {
            let number = self.reloads as usize;
            self.reloads += 1;
            if number % 5 == 4 {
                self.place.configure(BROKEN[number / 5 % BROKEN.len()])?;
                self.mended_at = Some(now + BROKEN_FOR);
                self.did.refused += 1;
            } else {
                self.place.configure(CONFIGURATIONS[(number % 5).div_ceil(2) % CONFIGURATIONS.len()])?;
                self.did.applied += 1;
            }
            self.place.signal(Signal::HUP)?;
            figures.reloads += 1;
        }
        if self.rotate.is_due(now) {
            let renamed = self.place.file("data/server.log.1");
            fs::rename(self.place.file(LOG), &renamed)?;
            self.place.signal(Signal::USR1)?;
            self.rotated = Some((renamed, now + REOPENED_AFTER));
            self.did.rotations += 1;
            figures.rotations += 1;
        }
        if self.backup.is_due(now) {
            let number = self.did.backups_begun;
            self.did.backups_begun += 1;
            self.call(Job::Backup(number), &["backup", &backup_name(number)])?;
        }
        if self.ask.is_due(now) {
            self.call(Job::Status, &["status", "--json"])?;
            self.call(Job::Metrics, &["metrics"])?;
        }
        Ok(())
    }

    fn call(&mut self, job: Job, words: &[&str]) -> Outcome<()> {
        // Asking again while the answer is out would write over it.
        if self.jobs.iter().any(|(running, _)| *running == job) {
            self.did.wrong.push(format!("{words:?} was not answered before it was due again"));
            return Ok(());
        }
        self.did.asked += 1;
        self.jobs.push((job, self.place.call(words)?));
        Ok(())
    }

    fn ended(&mut self, job: Job, called: &Called, answered: Answered, figures: &mut Figures) -> Outcome<()> {
        let Answered { exit_code, text } = answered;
        if exit_code != Some(0) {
            self.did.wrong.push(format!("exit code {exit_code:?}: {text}"));
            return Ok(());
        }
        match job {
            Job::Status => {
                let status: serde_json::Value = serde_json::from_str(&text)?;
                let reasons =
                    status.get("degraded").and_then(|reasons| reasons.as_array()).ok_or("no reasons")?;
                self.did
                    .degraded
                    .extend(reasons.iter().filter_map(|reason| reason.as_str()).map(str::to_owned));
            }
            Job::Metrics => self.did.metrics = text,
            Job::Backup(number) => {
                self.did.slowest_backup = self.did.slowest_backup.max(called.taken());
                self.call(Job::Verify(number), &["backup", "verify", &backup_name(number)])?;
            }
            Job::Verify(number) => {
                self.did.backups_verified += 1;
                figures.backups += 1;
                if let Some(old) = number.checked_sub(BACKUPS_KEPT) {
                    fs::remove_file(self.place.file(&backup_name(old)))?;
                    fs::remove_file(self.place.file(&format!("{}.json", backup_name(old))))?;
                }
            }
        }
        Ok(())
    }

    /// Looks through a log that was renamed, deletes it, and sees that there is another one.
    fn read_log(&mut self, path: PathBuf) -> Outcome<()> {
        let log = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
        fs::remove_file(path)?;
        if log.lines().next().is_none() {
            self.did.wrong.push("a log had no line in it".into());
        }
        if !self.place.file(LOG).exists() {
            self.did.wrong.push("there is no new log after a rotation".into());
        }
        for line in log.lines() {
            let Some((_, text)) = line.split_once(" [") else { continue };
            if text.starts_with("WARN] slow: ") {
                self.did.slow += 1;
            } else if (text.starts_with("ERROR]") && !text.contains("not reloaded: "))
                || text.starts_with("WARN]")
            {
                *self.did.grave.entry(text.chars().take(160).collect()).or_default() += 1;
            }
        }
        Ok(())
    }

    /// Takes what the server says of itself at the end.
    pub fn finish(mut self, figures: &mut Figures) -> Outcome<Did> {
        let mut called = self.place.call(&["metrics"])?;
        let answered = called.wait()?;
        self.ended(Job::Metrics, &called, answered, figures)?;
        let last = self.place.file("data/server.log.1");
        fs::copy(self.place.file(LOG), &last)?;
        self.read_log(last)?;
        Ok(self.did)
    }
}

impl Did {
    pub fn judge(&self, verdicts: &mut Verdicts) {
        let Did { applied, refused, rotations, backups_begun, backups_verified, asked, .. } = *self;
        let counted = |name: &str, label: &str| total(&self.metrics, name, label);
        let (did_apply, did_refuse) = (
            counted("medsrv_reload_total", "result=\"applied\""),
            counted("medsrv_reload_total", "result=\"refused\""),
        );
        verdicts.check(
            did_apply == f64::from(applied) && did_refuse == f64::from(refused),
            &format!("{did_apply} of {applied} valid configurations applied, {did_refuse} of {refused} broken ones refused"),
        );
        verdicts.check(
            backups_verified == backups_begun,
            &format!(
                "{backups_verified} of {backups_begun} backups are whole; the slowest took {:.1} s",
                self.slowest_backup.as_secs_f64()
            ),
        );
        let wrong = &self.wrong;
        verdicts.check(
            wrong.is_empty(),
            &format!("{asked} commands were called and {rotations} logs rotated; {} went wrong", wrong.len()),
        );
        for text in wrong.iter().take(LINES_TOLD) {
            println!("       {}", text.trim_end());
        }
        let failed = counted("medsrv_requests_total", "result=\"failed\"");
        let lost = counted("medsrv_rollbacks_total", "");
        let dropped = counted("medsrv_log_dropped_total", "");
        verdicts.check(
            failed + lost + dropped == 0.0,
            &format!(
                "the server counts {failed} requests failed, {lost} turns lost, {dropped} lines of its log dropped"
            ),
        );
        let reasons: Vec<&str> = self.degraded.iter().map(String::as_str).collect();
        verdicts.check(
            reasons.iter().all(|reason| *reason == OF_THE_MACHINE),
            &format!("`status` names {} reasons why all is not well: {}", reasons.len(), reasons.join("; ")),
        );
        let errors: u32 =
            self.grave.iter().filter(|(text, _)| text.starts_with("ERROR]")).map(|(_, count)| count).sum();
        verdicts.check(
            errors == 0,
            &format!(
                "the log has {errors} errors that were not meant to be; {} requests were slow",
                self.slow
            ),
        );
        for (text, count) in self.grave.iter().take(LINES_TOLD) {
            println!("       {count} times: [{text}");
        }
    }
}

fn backup_name(number: u32) -> String {
    format!("backup-{number}.db")
}

/// The sum of a metric's values over all label sets that have `label` in them.
fn total(metrics: &str, name: &str, label: &str) -> f64 {
    metrics
        .lines()
        .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])))
        .filter(|line| line.contains(label))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}
