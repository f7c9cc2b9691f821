//! Owns the reports that an operator asks for: from which days they are, in which form, and where they go.
//! Never counts.
//! Invariant: all figures of a report are of one moment, and no report is given that the audit trail does not have.

mod html;
mod plain;
mod sheet;
mod units;

use super::office::cause;
use super::target;
use super::{Common, Problem, exit, open_beside, operator, problem, report as ended};
use crate::ops::config::Config;
use crate::ops::directory;
use crate::ops::files::with_suffix;
use crate::server::trail;
use crate::service::audit::{Action, Entry, Trail};
use crate::service::report::{self, Name, Request, Tables};
use crate::service::time::{Now, is_day};
use crate::store::{Commit, Error, Store};
use chrono::{Days, Local, NaiveDate};
use clap::ValueEnum;
use sheet::Sheet;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

pub const HELP: &str = "\
Examples:
  medsrv report day --from 2026-01-01 --to 2026-01-31
  medsrv report doctor --format csv --out doctors.csv
  medsrv report overview --format html --title 市第一医院 --out january.html --from 2026-01-01 --to 2026-01-31

The figures are those of one moment, whether or not the server runs. docs/reports.md says how each is
counted. No report names a patient; each is recorded in the audit trail, and so are you.";

/// Whoever asks for more has mistyped a year.
const DAYS_MAX: i64 = 3_700;
/// The days of a report where nothing else is said.
const DAYS_DEFAULT: u64 = 30;
/// A reason of fewer cancellations might tell of a single patient, and is not shown.
const CAUSE_COUNT_MIN: i64 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Report {
    /// A row a day
    Day,
    /// A row a doctor
    Doctor,
    /// A row a department
    Department,
    /// A row a ward and day
    Beds,
    /// All of them; as html a page to show
    Overview,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Table,
    Csv,
    Json,
    Html,
}

#[derive(Debug, clap::Args)]
pub struct Task {
    #[arg(value_enum)]
    name: Report,
    /// The first day, YYYY-MM-DD [default: 29 days before the last one]
    #[arg(long, value_name = "DAY", value_parser = day)]
    from: Option<String>,
    /// The last day [default: today]
    #[arg(long, value_name = "DAY", value_parser = day)]
    to: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write to this file, which is replaced once the report is whole [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// What the page is headed with, as the hospital's name [default: Clinic report]
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
}

fn day(text: &str) -> Result<String, &'static str> {
    if is_day(text) { Ok(text.to_owned()) } else { Err("no day of the calendar, as in 2026-01-31") }
}

/// A report as it was counted.
struct Found<'a> {
    request: Request<'a>,
    tables: Tables,
    /// The same number of days before, where the form compares.
    before: Option<(String, String, Tables)>,
    /// The local time, to the minute.
    made_at: String,
    title: &'a str,
}

impl Found<'_> {
    fn sheets(&self) -> Vec<Sheet> {
        sheet::sheets(self.request.name, &self.tables)
    }

    fn heading(&self) -> String {
        let Request { name, from, to, .. } = &self.request;
        format!("Report {}, {from} to {to}, as of {}", name.word(), self.made_at)
    }

    /// Who cancelled, why, and how often, the most frequent first. What was written seldom is one cause.
    fn causes(&self) -> Vec<(String, Option<String>, i64)> {
        let mut causes: Vec<(String, Option<String>, i64)> = Vec::new();
        for ((by, reason), count) in &self.tables.causes {
            let is_told = *count >= CAUSE_COUNT_MIN && !reason.is_empty();
            let reason = is_told.then(|| reason.clone());
            match causes.iter_mut().find(|cause| cause.0 == *by && cause.1 == reason) {
                Some((_, _, sum)) => *sum += count,
                None => causes.push((by.clone(), reason, *count)),
            }
        }
        causes.sort_by_key(|(_, _, count)| -count);
        causes
    }
}

pub fn run(common: &Common, task: &Task) -> u8 {
    let loaded = match common.load() {
        Ok(loaded) => loaded,
        Err(exit_code) => return exit_code,
    };
    let names = task.out.as_slice();
    let given = target::check(&loaded.config, loaded.file.as_deref(), names);
    ended(given.and_then(|()| give(&loaded.config, task)))
}

fn give(config: &Config, task: &Task) -> Result<(), Problem> {
    let moment = Local::now();
    let now = Now::at(moment);
    let (from, to) = days(task, moment.date_naive())?;
    if task.format == Format::Csv && task.name == Report::Overview {
        let text = "an overview is several tables, and CSV has one: ask for day, doctor, department or beds";
        return Err(problem(exit::USAGE, text));
    }
    let name = match task.name {
        Report::Day => Name::Day,
        Report::Doctor => Name::Doctor,
        Report::Department => Name::Department,
        Report::Beds => Name::Beds,
        Report::Overview => Name::Overview,
    };
    let mut store = open_beside(config)?;
    let request = Request { name, from: &from, to: &to, doctor_id: None, has_causes: name == Name::Overview };
    let is_compared = task.format == Format::Html && name == Name::Overview;
    let counted = count(&mut store, &request, is_compared, &now);
    let ended = store.commit();
    let (tables, before) = match (counted, ended) {
        (Ok(counted), Commit::Durable) => counted,
        (Ok(_), _) => return Err(unreadable(config, cause(&store, Error::TurnLost))),
        (Err(error), _) => return Err(unreadable(config, cause(&store, error))),
    };
    let made_at = moment.format("%Y-%m-%d %H:%M").to_string();
    let title = task.title.as_deref().unwrap_or("Clinic report");
    let found = Found { request, tables, before, made_at, title };
    let text = match task.format {
        Format::Table => plain::table(&found),
        Format::Json => plain::json(&found),
        Format::Html => html::page(&found),
        Format::Csv => match found.sheets().first() {
            Some(sheet) => plain::csv(sheet).map_err(|error| problem(exit::INTERNAL, error))?,
            None => String::new(),
        },
    };
    record(config, &mut store, &found.request, &now)?;
    match &task.out {
        Some(path) => write_file(path, &text),
        None => write_out(&text),
    }
}

fn days(task: &Task, today: NaiveDate) -> Result<(String, String), Problem> {
    let usage = |text: String| problem(exit::USAGE, text);
    let parse = |text: &String| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let to = task.to.as_ref().and_then(parse).unwrap_or(today);
    let from = task.from.as_ref().and_then(parse);
    let from = from.or_else(|| to.checked_sub_days(Days::new(DAYS_DEFAULT - 1))).unwrap_or(to);
    let count = (to - from).num_days() + 1;
    if count < 1 {
        return Err(usage(format!("--to {to} is before --from {from}")));
    }
    if count > DAYS_MAX {
        return Err(usage(format!("{from} to {to} is {count} days; a report has at most {DAYS_MAX}")));
    }
    Ok((from.to_string(), to.to_string()))
}

/// The same number of days, ending before these.
fn days_before(request: &Request<'_>) -> Option<(String, String)> {
    let parse = |text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let (from, to) = (parse(request.from)?, parse(request.to)?);
    let days = Days::new(u64::try_from((to - from).num_days()).ok()? + 1);
    Some((from.checked_sub_days(days)?.to_string(), to.checked_sub_days(days)?.to_string()))
}

type Counted = (Tables, Option<(String, String, Tables)>);

/// Counts in one transaction, which sees one state of the database.
fn count(store: &mut Store, request: &Request<'_>, is_compared: bool, now: &Now) -> Result<Counted, Error> {
    let view = store.read()?;
    let mut tables = Tables::default();
    report::read(&view, request, None, i64::MAX, now, &mut tables)?;
    let Some((from, to)) = days_before(request).filter(|_| is_compared) else {
        return Ok((tables, None));
    };
    let mut before = Tables::default();
    // Of the days before only what they come to is shown.
    for name in [Name::Day, Name::Beds] {
        let request = Request { name, from: &from, to: &to, doctor_id: None, has_causes: false };
        report::read(&view, &request, None, i64::MAX, now, &mut before)?;
    }
    Ok((tables, Some((from, to, before))))
}

/// Writes into the trail that this report was asked for, and returns once that is on disk.
fn record(config: &Config, store: &mut Store, request: &Request<'_>, now: &Now) -> Result<(), Problem> {
    directory::make_parent(&config.audit.key_file).map_err(|error| problem(exit::FILES, error))?;
    let mut trail: Trail =
        trail::open(config, store).map_err(|error| problem(error.exit_code(), error.to_string()))?;
    let Request { name, from, to, .. } = request;
    let detail = format!("{} {from} {to}, {}", name.word(), operator::described());
    let entry = Entry {
        actor_id: None,
        role: "operator",
        peer: "local",
        method: "report",
        action: Action::Read,
        entity: "report",
        entity_id: None,
        patient_id: None,
        outcome: "success",
        reason: None,
        detail: Some(&detail),
        request_id: None,
    };
    let done = store.append(|transaction| trail.record(transaction, &entry, now));
    match (done, store.commit()) {
        (Ok(_), Commit::Durable) => Ok(()),
        (Ok(_), _) => Err(unreadable(config, cause(store, Error::TurnLost))),
        (Err(error), _) => Err(unreadable(config, cause(store, error))),
    }
}

fn unreadable(config: &Config, error: Error) -> Problem {
    let path = config.server.db_path.display();
    let (exit_code, advice) = match error {
        Error::Busy | Error::TurnLost => (exit::FAILURE, "; try again"),
        // For no report is given that is not in the trail.
        Error::Full => (exit::FILES, "; make room on it and try again"),
        Error::Io(_) => (exit::FILES, "; look at the disk"),
        _ => (exit::DATABASE, ""),
    };
    problem(exit_code, format_args!("database {path}: {error}; there is no report{advice}"))
}

fn write_out(text: &str) -> Result<(), Problem> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        // A reader that went away has what it wanted.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(problem(
            exit::FILES,
            format_args!("the report cannot be written to standard output: {error}"),
        )),
    }
}

/// What a run that was interrupted has left is removed, and a link at that name is not followed.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

/// Puts the whole file in the place of what was there, or nothing.
fn write_file(path: &Path, text: &str) -> Result<(), Problem> {
    let partial = with_suffix(path, ".partial");
    write_new(&partial, text).and_then(|()| std::fs::rename(&partial, path)).map_err(|error| {
        let _ = std::fs::remove_file(&partial);
        problem(exit::FILES, format_args!("the report cannot be written to {}: {error}", path.display()))
    })
}
