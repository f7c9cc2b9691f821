//! The whole server against a bare echo on the same event loop, in one run: what is asked for is a ratio,
//! since this machine's speed at another minute says nothing.
//!
//! `cargo bench -p loadtest --bench ratios` measures; `-- --large` measures a database of a million
//! appointments beside one of ten thousand, too; `-- --accounts` measures JSON-RPC, logins and the audit trail
//! instead, and `-- --sessions` bookings over JSON-RPC beside those of the old dialect. The server is pinned to
//! one core and the load to another. Each ratio is the median of some rounds, in which echo and server take
//! turns.

#[path = "ratios/accounts.rs"]
mod accounts;
#[path = "ratios/echo.rs"]
mod echo;
#[path = "ratios/served.rs"]
mod served;
#[path = "ratios/sessions.rs"]
mod sessions;

use loadtest::prepare::Amounts;
use loadtest::{Mix, Mode, Plan, Population, Report};
use served::{DATABASE, Served, pin};
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

type Outcome<T> = Result<T, Box<dyn Error>>;

const ROUNDS: usize = 3;
const DURATION: Duration = Duration::from_millis(2500);
const WARMUP: Duration = Duration::from_millis(500);
const QUESTION: &str = r#"{"query_doctor_info": true, "doctor_name": "王医生"}"#;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if has(echo::SERVE) {
        return echo::serve();
    }
    if served::serve_if_asked(&arguments)? {
        return Ok(());
    }
    pin(None, 1);
    if has("--accounts") {
        return accounts::measure();
    }
    if has("--sessions") {
        return sessions::measure();
    }
    against_echo()?;
    if has("--large") {
        small_against_large()?;
    }
    Ok(())
}

const PATIENTS: u64 = 100_000;
const DOCTORS: u64 = 1_000;
const PREPARED: Population = Population::prepared(PATIENTS, DOCTORS);

/// A database of ten thousand appointments, against the echo.
fn against_echo() -> Outcome<()> {
    let (_directory, server) = prepared(10_000)?;
    let echo = echo::start()?;
    print_head("echo /s", "medsrv /s");
    for connections in [1, 50, 500] {
        for mix in [Mix::Query, Mix::Book, Mix::Day] {
            let name = format!("{} at {connections}", mix.label());
            compare(&name, &echo, &server, |address, is_echo| Plan {
                address,
                connections,
                mix: if is_echo { raw() } else { mix.clone() },
                ..plan()
            })?;
        }
    }
    compare("query, a connection each, at 50", &echo, &server, |address, is_echo| Plan {
        address,
        fresh: true,
        mix: if is_echo { raw() } else { Mix::Query },
        source_addresses: (2..50).map(|host| Ipv4Addr::new(127, 0, 0, host).into()).collect(),
        ..plan()
    })?;
    println!("resident memory of the server at the end: {} KiB", server.resident_kib()?);
    Ok(())
}

/// A million appointments against ten thousand: the cost of size.
fn small_against_large() -> Outcome<()> {
    let (_few_directory, few) = prepared(10_000)?;
    let (_many_directory, many) = prepared(1_000_000)?;
    for mix in [Mix::Query, Mix::Book, Mix::Day] {
        compare(
            &format!("{} at 50, 1 M rows, not echo but 10 k", mix.label()),
            &few,
            &many,
            |address, _| Plan { address, mix: mix.clone(), ..plan() },
        )?;
    }
    Ok(())
}

fn prepared(appointments: u64) -> Outcome<(tempfile::TempDir, Served)> {
    let directory = prepared_file(appointments)?;
    let server = Served::medsrv(directory.path(), true)?;
    Ok((directory, server))
}

fn prepared_file(appointments: u64) -> Outcome<tempfile::TempDir> {
    filled_file(Amounts { patients: PATIENTS, doctors: DOCTORS, appointments, sessions: 0 })
}

fn filled_file(amounts: Amounts) -> Outcome<tempfile::TempDir> {
    let directory = tempfile::tempdir()?;
    loadtest::prepare::prepare(&directory.path().join(DATABASE), &amounts, 1, &mut |_| {})?;
    Ok(directory)
}

fn print_head(first: &str, second: &str) {
    println!(
        "{:<42} {first:>10} {second:>10} {:>7} {:>9} {:>9} {:>9}",
        "", "ratio", "p50 µs", "p99 µs", "p99.9 µs"
    );
}

fn plan() -> Plan {
    Plan {
        connections: 50,
        mode: Mode::Closed,
        duration: DURATION,
        warmup: WARMUP,
        population: PREPARED,
        ..Plan::default()
    }
}

fn raw() -> Mix {
    Mix::Raw { name: "request.json".into(), data: QUESTION.as_bytes().to_vec() }
}

fn compare(
    name: &str,
    echo: &Served,
    server: &Served,
    plan: impl Fn(SocketAddr, bool) -> Plan,
) -> Outcome<()> {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push((run(&plan(echo.address, true))?, run(&plan(server.address, false))?));
    }
    let ratios: Vec<f64> = rounds.iter().map(|(echo, server)| server.rate / echo.rate).collect();
    let (echo, server) = rounds.remove(median(&ratios));
    println!(
        "{name:<42} {:>10.0} {:>10.0} {:>7.2} {:>9} {:>9} {:>9}",
        echo.rate,
        server.rate,
        server.rate / echo.rate,
        server.latencies.p50_ns / 1000,
        server.latencies.p99_ns / 1000,
        server.latencies.p999_ns / 1000
    );
    Ok(())
}

fn run(plan: &Plan) -> Outcome<Report> {
    let report = loadtest::run(plan)?;
    if report.errors_total > 0 {
        return Err(
            format!("{} errors: {:?} {:?}", report.errors_total, report.errors, report.messages).into()
        );
    }
    Ok(report)
}

/// Where the middle value stands.
fn median(values: &[f64]) -> usize {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|one, other| values[*one].total_cmp(&values[*other]));
    order[order.len() / 2]
}
