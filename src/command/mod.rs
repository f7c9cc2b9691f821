//! Owns what an operator types: the arguments, and which subcommand runs. Never does a subcommand's work.
//! Invariant: a subcommand returns its exit code, and writes answers to standard output and everything
//! that went wrong to standard error.

mod admin;
mod audit;
mod backup;
mod call;
mod check;
mod demo;
mod examine;
mod export;
mod import;
mod metrics;
mod office;
mod operator;
mod report;
mod reload;
mod restart;
mod restore;
mod scheduled;
mod secret;
mod start;
mod status;
mod stop;
mod takeover;
mod target;
mod user;

use crate::ops::backups::ORDER;
use crate::ops::config::{self, Config, ConfigErrors, Loaded, Overrides};
use crate::store::{OpenError, Store};
use clap::{Args, Parser, Subcommand};
use std::ffi::OsString;
use std::fmt::Display;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The exit codes that more than one subcommand uses, after LSB and sysexits.h.
pub mod exit {
    pub const SUCCESS: u8 = 0;
    pub const FAILURE: u8 = 1;
    pub const USAGE: u8 = 2;
    pub const NOT_RUNNING: u8 = 3;
    pub const UNKNOWN: u8 = 4;
    /// What was to be done needs a server, and none runs.
    pub const NOT_THERE: u8 = 7;
    pub const DATABASE: u8 = 65;
    pub const INTERNAL: u8 = 70;
    pub const SYSTEM: u8 = 71;
    pub const FILES: u8 = 74;
    pub const CONFIGURATION: u8 = 78;
}

const EXAMPLES: &str = "\
Examples:
  medsrv start                          run in the background, on the defaults or ./medsrv.conf
  medsrv start --foreground --port 0    run here, on a port that the system chooses
  medsrv demo                           watch a hospital's day; nothing stays behind
  medsrv status                         and with --watch, once a second
  medsrv reload                         after a change of the configuration; says what is wrong with it
  medsrv user add admin --role admin    the first account; it asks for the password
  medsrv call doctor.list department=内科
  medsrv backup /srv/backup/2026-01-31.db
  medsrv report overview --format html --out report.html
  medsrv stop

Exit codes: 0 done, 1 failed, 2 wrong arguments, 7 not running, 65 database, 70 internal error,
71 port or system, 74 files, 78 configuration. `status`: 0 running, 1 dead with a pid file left, 3 not running, 4 unknown.";

/// A hospital's appointment and records server.
#[derive(Debug, Parser)]
#[command(name = "medsrv", version, after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that stand before or after the subcommand; each speaks over the configuration file.
#[derive(Args, Debug, Default)]
pub struct Common {
    /// Read this configuration file [default: ./medsrv.conf, then /etc/medsrv/medsrv.conf, where they exist]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Listen on this address, or call it
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub host: Option<String>,
    /// Listen on this port, or call it; 0 lets the system choose one
    #[arg(long, global = true)]
    pub port: Option<u16>,
    /// Keep the database in this file
    #[arg(long, global = true, value_name = "FILE")]
    pub db_path: Option<PathBuf>,
    /// Write the log to this file
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// Keep the process id and the lock in this file
    #[arg(long, global = true, value_name = "FILE")]
    pub pid_file: Option<PathBuf>,
    /// Run in the background, which is what `start` does anyway
    #[arg(long, global = true)]
    pub daemon: bool,
    /// Stay in the foreground, log to standard error too; wins over --daemon
    #[arg(long, global = true)]
    pub foreground: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the server; returns once it answers
    #[command(after_help = "Example: medsrv start --host 0.0.0.0 --port 55000")]
    Start {
        /// Fill an empty database with demonstration data
        #[arg(long)]
        demo: bool,
    },
    /// Stop the server and wait until it is gone
    #[command(after_help = "Example: medsrv stop --pid-file /run/medsrv/server.pid")]
    Stop,
    /// Replace the server that runs, and refuse nobody meanwhile; one that could not be replaced goes on
    #[command(after_help = "Example: medsrv restart --config /etc/medsrv/medsrv.conf")]
    Restart {
        /// Fill an empty database with demonstration data
        #[arg(long)]
        demo: bool,
    },
    /// Have the running server read its configuration again
    #[command(after_help = "Example: medsrv reload && medsrv status")]
    Reload,
    /// Say whether the server runs, and how it is
    #[command(after_help = status::HELP)]
    Status(status::Task),
    /// Show the metrics, as Prometheus reads them
    #[command(after_help = "Example: medsrv metrics | grep medsrv_requests_total")]
    Metrics,
    /// Check the configuration without starting, and show the values that apply
    #[command(after_help = "Example: medsrv check --config /etc/medsrv/medsrv.conf")]
    Check,
    /// Play a hospital's day on a server of its own, for whoever watches; nothing stays behind
    #[command(after_help = demo::HELP)]
    Demo(demo::Task),
    /// Call a method of the server, or send it a request as it stands, and show what comes back
    #[command(after_help = call::HELP)]
    Call(call::Task),
    /// Make accounts and change them, in the database itself, whether or not the server runs
    #[command(after_help = user::HELP)]
    User {
        #[command(subcommand)]
        task: user::Task,
    },
    /// Write everything out for other systems
    Export {
        #[command(subcommand)]
        task: export::Task,
    },
    /// Load tables of the hospital's own from files, whether or not the server runs
    #[command(after_help = import::HELP)]
    Import {
        #[command(subcommand)]
        task: import::Task,
    },
    /// Copy the database as it stands at one moment, whether or not the server runs
    #[command(after_help = backup::HELP, subcommand_negates_reqs = true)]
    Backup(backup::Task),
    /// Put a backup in the place of the database, which is kept; no server may run
    #[command(after_help = restore::HELP)]
    Restore(restore::Task),
    /// Count what came of a clinic's days: appointments, waiting, places, fees and beds
    #[command(after_help = report::HELP)]
    Report(report::Task),
    /// Check the audit trail, or write it out
    #[command(after_help = "Example: medsrv audit verify && medsrv audit export --since 2026-01-01")]
    Audit {
        #[command(subcommand)]
        task: audit::Task,
    },
}

/// Runs what these words ask for, the first of which is the program's name, and returns the exit code.
pub fn run_words(words: Vec<OsString>) -> u8 {
    match words.get(1..) {
        // It is no subcommand, so it is neither shown nor completed: only a server has an order to give.
        Some([first, order]) if first == ORDER => {
            let _ = crate::ops::exposure::forbid_core_dumps();
            scheduled::run(&order.to_string_lossy())
        }
        _ => run(Arguments::parse_from(words)),
    }
}

/// Runs what was asked for, and returns the exit code.
pub fn run(arguments: Arguments) -> u8 {
    let common = &arguments.common;
    // Most commands see the key or patients' data. `start` does it again, and does not start where it cannot.
    let _ = crate::ops::exposure::forbid_core_dumps();
    match arguments.command {
        Command::Start { demo } => start::run(common, demo),
        Command::Stop => stop::run(common),
        Command::Restart { demo } => restart::run(common, demo),
        Command::Reload => reload::run(common),
        Command::Status(task) => status::run(common, &task),
        Command::Metrics => metrics::run(common),
        Command::Check => check::run(common),
        Command::Demo(task) => demo::run(&task),
        Command::Call(task) => call::run(common, &task),
        Command::User { task } => user::run(common, &task),
        Command::Export { task } => export::run(common, &task),
        Command::Import { task } => import::run(common, &task),
        Command::Backup(task) => backup::run(common, &task),
        Command::Restore(task) => restore::run(common, &task),
        Command::Report(task) => report::run(common, &task),
        Command::Audit { task } => audit::run(common, &task),
    }
}

impl Common {
    fn overrides(&self) -> Overrides {
        Overrides {
            host: self.host.clone(),
            port: self.port,
            db_path: self.db_path.clone(),
            log_file: self.log_file.clone(),
            pid_file: self.pid_file.clone(),
        }
    }

    fn config_file(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// The checked configuration, in which nobody else has a hand, or the exit code after everything wrong with it was
    /// shown.
    fn load(&self) -> Result<Loaded, u8> {
        let loaded = self.read()?;
        loaded.check_rights().map_err(refused)?;
        Ok(loaded)
    }

    /// As `load`, whoever may change the file: for a client, which takes no more than an address from it.
    fn read(&self) -> Result<Loaded, u8> {
        config::load(self.config_file(), &self.overrides()).map_err(refused)
    }

    /// For subcommands that must work beside a broken configuration: shows what is wrong and goes on with
    /// the rest.
    fn load_valid_parts(&self) -> Loaded {
        let (loaded, errors) = config::load_valid_parts(self.config_file(), &self.overrides());
        if !errors.0.is_empty() {
            complain_of_each(&errors);
            let pid_file = loaded.config.server.pid_file.display();
            complain(format_args!("the configuration is not valid; going by pid file {pid_file}"));
        }
        loaded
    }
}

fn refused(errors: ConfigErrors) -> u8 {
    complain_of_each(&errors);
    exit::CONFIGURATION
}

/// Why a subcommand did not do its work, and what the process ends with.
struct Problem {
    exit_code: u8,
    text: String,
}

fn problem(exit_code: u8, text: impl ToString) -> Problem {
    Problem { exit_code, text: text.to_string() }
}

/// Tells what went wrong, if anything did, and returns the exit code.
fn report(done: Result<(), Problem>) -> u8 {
    match done {
        Ok(()) => exit::SUCCESS,
        Err(Problem { exit_code, text }) => {
            complain(text);
            exit_code
        }
    }
}

/// Opens the database, on which a server may be running.
fn open_beside(config: &Config) -> Result<Store, Problem> {
    let path = &config.server.db_path;
    Store::open_beside(path).map_err(|error| {
        let exit_code = if matches!(error, OpenError::Full) { exit::FILES } else { exit::DATABASE };
        problem(exit_code, format_args!("database {}: {error}", path.display()))
    })
}

/// Writes an answer. A reader that went away is its own affair.
fn say(text: impl Display) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// Writes what went wrong.
fn complain(text: impl Display) {
    let _ = writeln!(std::io::stderr(), "medsrv: {text}");
}

/// One line an error, beginning with its place, as compilers write them and editors understand them.
fn complain_of_each(errors: &ConfigErrors) {
    complain_at(errors);
}

/// Writes what went wrong where it begins with the place to mend it.
fn complain_at(mistake: impl Display) {
    let _ = writeln!(std::io::stderr(), "{mistake}");
}

/// An address in the form in which one would write it into a browser.
fn host_and_port(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn flags_stand_before_or_after_the_subcommand() {
        for words in [
            "medsrv --port 1 --pid-file p --daemon start",
            "medsrv start --port 1 --pid-file p --daemon",
            "medsrv --port 1 stop --pid-file p --foreground",
            "medsrv --pid-file p restart --port 1 --demo",
            "medsrv status --pid-file p --port 1",
            "medsrv check --pid-file=p --port=1",
            "medsrv call --pid-file p --port 1 {}",
            "medsrv call --pid-file p doctor.get --port 1 doctor_id=7 --token t",
            "medsrv user --pid-file p passwd admin --port 1",
            "medsrv import --pid-file p icd10 codes.csv --port 1",
            "medsrv report --pid-file p day --port 1 --from 2026-01-31 --to 2026-01-31 --format csv",
            "medsrv audit --pid-file p verify --port 1",
            "medsrv backup --pid-file p clinic.db --port 1 --force",
            "medsrv --pid-file p backup verify --port 1 clinic.db",
            "medsrv restore --pid-file p clinic.db --port 1",
            "medsrv audit export --pid-file p --port 1 --since 2026-01-31 --format ndjson",
        ] {
            let arguments = Arguments::try_parse_from(words.split(' ')).unwrap();
            assert_eq!(arguments.common.port, Some(1), "{words}");
            assert_eq!(arguments.common.pid_file, Some(PathBuf::from("p")), "{words}");
        }
    }
}
