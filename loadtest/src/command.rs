//! Owns what an operator types: the arguments, which work they ask for, and the exit code.
//!
//! It never measures. Invariant: results go to standard output, everything else to standard error; a target
//! that is not this machine is refused unless it is allowed by name.

use crate::check::Checks;
use crate::login::Login;
use crate::mix::Mix;
use crate::plan::{Mode, Plan};
use crate::population::{PREPARED_CLERK, PREPARED_PASSWORD, Population};
use crate::prepare::{Amounts, prepare};
use crate::report::Report;
use crate::sweep::{Range, STEPS_MAX, Sweep, sweep};
use crate::{RunError, html, run_observed, table, units};
use clap::Parser;
use serde::Serialize;
use std::fmt::Display;
use std::fs;
use std::io::{IsTerminal, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub mod exit {
    pub const SUCCESS: u8 = 0;
    pub const CHECK_FAILED: u8 = 1;
    pub const USAGE: u8 = 2;
    pub const NO_RESULT: u8 = 3;
}

/// A range of source addresses has at most so many.
const SOURCES_MAX: u32 = 1024;

const EXAMPLES: &str = "\
Examples:
  loadtest                                       how fast are queries? 50 connections, 10 s
  loadtest --mix day --rate 2000 --html day.html --check p99=100ms,errors=0
  loadtest --mix day --sweep 1000..60000 --steps 8 --duration 5s --html sweep.html
  loadtest --fresh --connections 20              as old clients do: a connection per request
  loadtest --prepare patients=100000,doctors=1000,appointments=1000000 --db-path big.db
  loadtest --mix day --population prepared:patients=100000,doctors=1000
  loadtest --mix rpc-patient --population prepared:patients=100000,doctors=1000
  loadtest --mix rpc-book --population prepared:patients=100000,doctors=1000,sessions=100000

Mixes, in the old dialect: query (query_doctor_info), book (create_appointment), day (reads, bookings, changes),
login (of fifty patients, who log in once before the run, so that a server may remember them). In JSON-RPC:
rpc-doctor (doctor.get), rpc-patient (patient.get, by a clerk), rpc-login (session.login, another patient each
time, so that a password is derived each time), rpc-book (appointment.book, by a clerk, in the sessions that
--prepare stored; the more there are, the rarer two runs on one file book the same patient on the same day, which
is refused). raw is for a bare echo server.

A mix file has a JSON object per line: {\"weight\": 3, \"name\": \"doctor\", \"request\":
{\"query_doctor_info\": true, \"doctor_name\": \"{doctor_name}\"}}. The request may be a call of JSON-RPC with an
id, or a batch. Placeholders: {patient_id}, {patient_phone} (also the username), {patient_name}, {password} (the
patient's), {doctor_id}, {doctor_name}, {time} (a place that is free), {session_id} (a session in which {patient_id}
has no place yet), {appointment_id} (booked earlier in the run). \"patients\": \"any\" is the default; \"few\" is as for login, \"in_turn\" as for rpc-login.

Errors: refused (the server's reply is an error; of JSON-RPC, data.code is told), wrong_reply (its result shows
no success), connect, timeout, closed (before the reply), not_sent (due, but no connection was free in time).

Exit codes: 0 done, 1 a check failed, 2 wrong arguments, 3 no result: the run could not be made.";

/// The load tool of medsrv.
#[derive(Debug, Parser)]
#[command(name = "loadtest", version, after_help = EXAMPLES)]
pub struct Arguments {
    /// The server's address
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: String,
    /// The server's port
    #[arg(long, default_value_t = 55_000)]
    port: u16,
    /// Permit a target that is not this machine
    #[arg(long)]
    allow_remote: bool,
    /// Connections at one time
    #[arg(long, value_name = "N", default_value_t = 50)]
    connections: usize,
    /// Unanswered requests on each connection; more than 1 measures throughput, not what clients feel
    #[arg(long, value_name = "N", default_value_t = 1)]
    pipeline: usize,
    /// Open loop: so many requests a second at fixed times, latency counted from when each was due
    #[arg(long, value_name = "R")]
    rate: Option<u64>,
    /// A connection per request, its making counted in the latency
    #[arg(long)]
    fresh: bool,
    /// Connect from these addresses in turn, as in 127.0.0.2-127.0.0.50, to have more ports; the server must
    /// serve them (legacy.networks)
    #[arg(long, value_name = "FIRST-LAST", value_parser = parse_sources)]
    source_addresses: Option<Sources>,
    /// How long to measure
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = units::parse_time)]
    duration: Duration,
    /// What goes before and is not measured
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = units::parse_time)]
    warmup: Duration,
    /// How long a reply may take
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = units::parse_time)]
    timeout: Duration,
    /// Determines the requests and the prepared data
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// What to send: one of those listed below, or a file
    #[arg(long, value_name = "NAME|FILE", default_value = "query")]
    mix: String,
    /// Log each connection in with session.login and session.resume before the run; rpc-patient and rpc-book do so by
    /// themselves, as the clerk whom --prepare stores
    #[arg(long, value_name = "NAME:PASSWORD")]
    login: Option<Login>,
    /// Whom requests are about: demo, or what --prepare prints, as prepared:patients=N,doctors=N. The three sample patients have all that
    /// a run books, so lists of their appointments grow long: for book and day, prepare a population
    #[arg(long, default_value = "demo")]
    population: Population,
    /// Exit with 1 unless this is reached, as in p99=100ms,errors=0,rate=1000
    #[arg(long, value_name = "LIMITS")]
    check: Option<Checks>,
    /// Write everything that was found as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a page with charts that needs nothing beside it
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Open loops at rising rates, each for --duration, and where the knee is
    #[arg(long, value_name = "LOWEST..HIGHEST", conflicts_with = "rate")]
    sweep: Option<Range>,
    /// Rates in a sweep
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..=i64::from(STEPS_MAX)))]
    steps: u32,
    /// Say each second how it goes, even where standard error is no terminal
    #[arg(long)]
    progress: bool,
    /// Fill a database file while no server runs, as in patients=100000,doctors=1000,appointments=1000000,
    /// sessions=100000, where the last two may be left out. A clerk is stored too: username loadtest-clerk. Everyone's password is loadtest
    #[arg(long, value_name = "AMOUNTS", requires = "db_path")]
    prepare: Option<Amounts>,
    /// The file that --prepare fills
    #[arg(long, value_name = "FILE", requires = "prepare")]
    db_path: Option<PathBuf>,
}

/// Addresses to connect from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sources(Vec<IpAddr>);

/// Reads one address, or the first and last of a range.
fn parse_sources(text: &str) -> Result<Sources, String> {
    let wrong = || format!("{text:?} is neither an address nor a range such as 127.0.0.2-127.0.0.50");
    let Some((first, last)) = text.split_once('-') else {
        return text.parse().map(|address| Sources(vec![address])).map_err(|_| wrong());
    };
    let number = |text: &str| text.parse::<Ipv4Addr>().map(u32::from).map_err(|_| wrong());
    let (first, last) = (number(first)?, number(last)?);
    if first > last || last - first >= SOURCES_MAX {
        return Err(format!("{text:?}: a range rises, and has at most {SOURCES_MAX} addresses"));
    }
    Ok(Sources((first..=last).map(|number| IpAddr::from(Ipv4Addr::from(number))).collect()))
}

/// Does what was asked for, and returns the exit code.
pub fn run(arguments: &Arguments) -> u8 {
    if let (Some(amounts), Some(path)) = (&arguments.prepare, &arguments.db_path) {
        return match prepare(path, amounts, arguments.seed, &mut |line| complain(line)) {
            Ok(population) => {
                complain(format_args!("run with --population {population}"));
                complain(format_args!(
                    "everyone's password is {PREPARED_PASSWORD}; a clerk is {PREPARED_CLERK}"
                ));
                exit::SUCCESS
            }
            Err(error) => failed(error),
        };
    }
    let plan = match plan(arguments) {
        Ok(plan) => plan,
        Err(problem) => {
            complain(problem);
            return exit::USAGE;
        }
    };
    match &arguments.sweep {
        Some(range) => run_sweep(arguments, &plan, *range),
        None => run_once(arguments, &plan),
    }
}

fn plan(arguments: &Arguments) -> Result<Plan, String> {
    let address = target(&arguments.host, arguments.port, arguments.allow_remote)?;
    let mix = match Mix::named(&arguments.mix) {
        Some(mix) => mix,
        None => Mix::read(Path::new(&arguments.mix)).map_err(|error| error.to_string())?,
    };
    let plan = Plan {
        address,
        connections: arguments.connections,
        pipeline: arguments.pipeline,
        mode: arguments.rate.map_or(Mode::Closed, |rate| Mode::Open { rate }),
        fresh: arguments.fresh,
        duration: arguments.duration,
        warmup: arguments.warmup,
        timeout: arguments.timeout,
        mix,
        population: arguments.population,
        seed: arguments.seed,
        login: arguments.login.clone(),
        source_addresses: arguments.source_addresses.clone().map(|sources| sources.0).unwrap_or_default(),
    };
    plan.check().map_err(|error| error.to_string())?;
    Ok(plan)
}

/// The address to load; one that is not this machine must be allowed.
fn target(host: &str, port: u16, allow_remote: bool) -> Result<SocketAddr, String> {
    let failed = |reason: String| format!("the host {host:?} cannot be used: {reason}");
    let mut addresses = (host, port).to_socket_addrs().map_err(|error| failed(error.to_string()))?;
    let address = addresses.next().ok_or_else(|| failed("it has no address".into()))?;
    if address.ip().to_canonical().is_loopback() || allow_remote {
        return Ok(address);
    }
    Err(format!(
        "{address} is not this machine, and a load test can keep a hospital waiting: give --allow-remote if you \
         mean it"
    ))
}

fn run_once(arguments: &Arguments, plan: &Plan) -> u8 {
    let report = match observed(arguments, plan) {
        Ok(report) => report,
        Err(error) => return failed(error),
    };
    say(table::report(&report));
    let page = || html::report(&report);
    if let Err(exit_code) = write_files(arguments, &report, &page) {
        return exit_code;
    }
    judge(arguments.check.as_ref(), &[&report])
}

fn run_sweep(arguments: &Arguments, plan: &Plan, range: Range) -> u8 {
    let result = sweep(plan, &range.rates(arguments.steps), |plan| {
        if let Mode::Open { rate } = plan.mode {
            complain(format_args!("at {} requests/s", units::count(rate)));
        }
        observed(arguments, plan)
    });
    let swept: Sweep = match result {
        Ok(swept) => swept,
        Err(error) => return failed(error),
    };
    say(table::sweep(&swept));
    let page = || html::sweep(&swept);
    if let Err(exit_code) = write_files(arguments, &swept, &page) {
        return exit_code;
    }
    let steps: Vec<&Report> = swept.steps.iter().collect();
    judge(arguments.check.as_ref(), &steps)
}

fn observed(arguments: &Arguments, plan: &Plan) -> Result<Report, RunError> {
    let is_shown = arguments.progress || std::io::stderr().is_terminal();
    run_observed(plan, &mut |progress| {
        if is_shown {
            complain(format_args!(
                "{:>4} s  {:>9}/s  p99 {:>8}  errors {}",
                progress.seconds,
                units::rate(progress.rate),
                units::time(progress.p99_ns),
                units::count(progress.errors)
            ));
        }
    })
}

fn write_files(arguments: &Arguments, found: &impl Serialize, page: &dyn Fn() -> String) -> Result<(), u8> {
    let write = |path: &Path, text: &str| {
        fs::write(path, text)
            .map_err(|error| failed(format_args!("{} cannot be written: {error}", path.display())))
    };
    if let Some(path) = &arguments.json {
        let text = serde_json::to_string_pretty(found).map_err(failed)?;
        write(path, &(text + "\n"))?;
    }
    if let Some(path) = &arguments.html {
        write(path, &page())?;
    }
    Ok(())
}

fn judge(checks: Option<&Checks>, reports: &[&Report]) -> u8 {
    let Some(checks) = checks else { return exit::SUCCESS };
    let mut exit_code = exit::SUCCESS;
    for report in reports {
        let at = match report.setting.offered_rate {
            Some(rate) if reports.len() > 1 => format!("at {}/s ", units::count(rate)),
            _ => String::new(),
        };
        for failure in checks.failures(report) {
            complain(format_args!("check failed: {at}{failure}"));
            exit_code = exit::CHECK_FAILED;
        }
    }
    exit_code
}

fn failed(problem: impl Display) -> u8 {
    complain(problem);
    exit::NO_RESULT
}

/// A closed terminal is no reason to lose a result that goes to files too.
fn say(text: impl Display) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn complain(text: impl Display) {
    let _ = writeln!(std::io::stderr(), "loadtest: {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_sound() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
        let defaults = plan(&Arguments::parse_from(["loadtest"])).unwrap();
        assert_eq!(defaults, Plan::default());
        let help = Arguments::command().render_long_help().to_string();
        for told in [PREPARED_CLERK, PREPARED_PASSWORD] {
            assert!(help.contains(told), "{told}");
        }
    }

    #[test]
    fn only_this_machine_is_loaded_unless_allowed() {
        for host in ["127.0.0.1", "127.0.0.9", "::1", "localhost"] {
            assert!(target(host, 1, false).is_ok(), "{host}");
        }
        let refused = target("192.0.2.1", 55_000, false).unwrap_err();
        assert!(refused.contains("--allow-remote"), "{refused}");
        assert!(target("192.0.2.1", 55_000, true).is_ok());
    }

    #[test]
    fn source_addresses_are_a_range() {
        assert_eq!(parse_sources("127.0.0.2-127.0.0.50").unwrap().0.len(), 49);
        assert_eq!(parse_sources("::1").unwrap().0, ["::1".parse::<IpAddr>().unwrap()]);
        for text in ["", "127.0.0.5-127.0.0.2", "127.0.0.1-127.9.0.1", "a-b"] {
            assert!(parse_sources(text).is_err(), "{text}");
        }
    }
}
