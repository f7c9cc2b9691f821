//! What is done for patients beyond their appointments, against a bare echo on the same event loop, on a database
//! of a million appointments, 300,000 visits that are over and half a million lines of prescriptions.
//!
//! `cargo bench -p loadtest --bench care` measures all of it; `-- record order.list` only what has one of these
//! words in its name, and `-- --kept FILE` takes the filled database out of that file, or leaves it there for the
//! next run. Reads are measured twice, by doctors who treat the patient: with `audit.reads = false`, and with an
//! entry in the trail for each. The server is pinned to one core and its clients to another. Each ratio is the
//! median of some rounds, in which echo and server take turns. Beside it stands how long each was on its core for a
//! call, and the ratio of that, in which no waiting for other programs is.

#[path = "care/calls.rs"]
mod calls;
#[path = "clinic/client.rs"]
mod client;
#[path = "care/database.rs"]
mod database;
#[path = "ratios/echo.rs"]
mod echo;
#[path = "care/round.rs"]
mod round;
#[path = "ratios/served.rs"]
mod served;

use calls::{Measured, READS, WRITES};
use client::Client;
use database::Database;
use round::Round;
use served::{Served, pin};
use std::error::Error;
use std::path::PathBuf;

type Outcome<T> = Result<T, Box<dyn Error>>;

const CONNECTIONS: usize = 50;
const ROUNDS: usize = 3;
const READ_GOAL: f64 = 0.4;
/// That of `patient.get` with its entry in the trail, which is a write.
const AUDITED_GOAL: f64 = 0.25;
const WRITE_GOAL: f64 = 0.2;
/// What the echo sends back. So many calls are a round of it, on each connection.
const QUESTION: &str = r#"{"query_doctor_info": true, "doctor_name": "王医生"}"#;
const ECHO_CALLS: usize = 1_500;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if arguments.iter().any(|argument| argument == echo::SERVE) {
        return echo::serve();
    }
    if served::serve_if_asked(&arguments)? {
        return Ok(());
    }
    pin(None, 1);
    let (mut kept, mut words) = (None, Vec::new());
    let mut rest = arguments.into_iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--kept" => kept = Some(PathBuf::from(rest.next().ok_or("--kept needs a file")?)),
            _ => words.push(argument),
        }
    }
    measure(&Database::prepare(kept)?, &words)
}

fn measure(database: &Database, words: &[String]) -> Outcome<()> {
    let echo = echo::start()?;
    let unaudited_directory = database.copy()?;
    let unaudited = Served::medsrv(unaudited_directory.path(), false)?;
    let audited = Served::medsrv(database.directory(), true)?;
    let is_asked =
        |call: &&Measured| words.is_empty() || words.iter().any(|word| call.name.contains(word.as_str()));
    println!(
        "{:<44} {:>8} {:>9} {:>6} {:>8} {:>8} {:>6} {:>8} {:>9} {:>6}",
        "at 50 connections",
        "echo /s",
        "medsrv /s",
        "ratio",
        "p50 µs",
        "p99 µs",
        "goal",
        "echo µs",
        "medsrv µs",
        "ratio"
    );
    for call in READS.iter().filter(is_asked) {
        compare(call.name, call, READ_GOAL, &echo, &unaudited)?;
        if call.is_audited {
            compare(&format!("{}, audited", call.name), call, AUDITED_GOAL, &echo, &audited)?;
        }
    }
    for call in WRITES.iter().filter(is_asked) {
        compare(call.name, call, WRITE_GOAL, &echo, &audited)?;
    }
    println!("resident memory of the server at the end: {} KiB", audited.resident_kib()?);
    Ok(())
}

/// Measures a call and prints its row.
fn compare(name: &str, call: &Measured, goal: f64, echo: &Served, server: &Served) -> Outcome<()> {
    let strangers =
        || -> Outcome<Vec<Client>> { (0..CONNECTIONS).map(|_| Client::open(echo.address, &[])).collect() };
    let known = || -> Outcome<Vec<Client>> {
        (0..CONNECTIONS)
            .map(|caller| Client::open(server.address, &[client::resume(&call.caller.token(caller))]))
            .collect()
    };
    let question = |_: usize, _: usize| QUESTION.to_owned();
    let mut first = 0;
    let mut next = |calls: usize| {
        first += calls;
        let (begun, params) = (first - calls, call.params);
        move |caller: usize, number: usize| {
            client::call(call.method(begun + number), &params(caller, begun + number))
        }
    };
    Round::run(known()?, call.calls / 4, next(call.calls / 4), true)?;
    let (mut rounds, mut on_core) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        // Whoever calls has come in, and is logged in, before anything is counted.
        let (strangers, known) = (strangers()?, known()?);
        let before = (busy_us(echo)?, busy_us(server)?);
        let echoed = Round::run(strangers, ECHO_CALLS, question, false)?;
        rounds.push((echoed, Round::run(known, call.calls, next(call.calls), true)?));
        let of_each = |us: f64, calls: usize| us / (CONNECTIONS * calls) as f64;
        on_core.push((
            of_each(busy_us(echo)? - before.0, ECHO_CALLS),
            of_each(busy_us(server)? - before.1, call.calls),
        ));
    }
    on_core.sort_by(|one, other| (one.0 / one.1).total_cmp(&(other.0 / other.1)));
    let (echo_us, server_us) = on_core.remove(ROUNDS / 2);
    let ratio = |(echoed, answered): &(Round, Round)| answered.rate / echoed.rate;
    rounds.sort_by(|one, other| ratio(one).total_cmp(&ratio(other)));
    let median = rounds.remove(ROUNDS / 2);
    let (echoed, answered) = &median;
    println!(
        "{name:<44} {:>8.0} {:>9.0} {:>6.2} {:>8} {:>8} {goal:>6.2} {echo_us:>8.1} {server_us:>9.1} {:>6.2}{}",
        echoed.rate,
        answered.rate,
        ratio(&median),
        answered.at(0.5).as_micros(),
        answered.at(0.99).as_micros(),
        echo_us / server_us,
        if ratio(&median) < goal { " -" } else { "" }
    );
    Ok(())
}

/// How many microseconds a server has been on its core since its start.
fn busy_us(server: &Served) -> Outcome<f64> {
    let times = std::fs::read_to_string(format!("/proc/{}/schedstat", server.child.id()))?;
    let on_core: f64 = times.split_whitespace().next().ok_or("no time on a core")?.parse()?;
    Ok(on_core / 1000.0)
}
