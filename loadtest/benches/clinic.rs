//! The clinic's two crowded moments: the instant at which the places of many sessions are given out, and a
//! waiting room in which a thousand connections listen to the queues.
//!
//! `cargo bench -p loadtest --bench clinic` measures both; `-- --large` measures them on a database of a million
//! past appointments beside one of ten thousand, too, the two taking turns; `-- --burst` or `-- --queue` measures
//! that one alone. The server is pinned to one core and its clients to another. What is counted is judged, with
//! PASS or FAIL, and a FAIL is the exit code 1; what is timed is only told, beside the figure that was meant.

#[path = "clinic/burst.rs"]
mod burst;
#[path = "clinic/client.rs"]
mod client;
#[path = "clinic/database.rs"]
mod database;
#[path = "clinic/figures.rs"]
mod figures;
#[path = "clinic/queue.rs"]
mod queue;
#[path = "ratios/served.rs"]
mod served;

use database::Database;
use figures::{Verdicts, median};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use served::{Served, pin};
use std::error::Error;

type Outcome<T> = Result<T, Box<dyn Error>>;

const ROUNDS: usize = 3;
const APPOINTMENTS: u64 = 10_000;
const APPOINTMENTS_LARGE: u64 = 1_000_000;
const RATIO_GOAL: f64 = 1.3;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    raise_descriptor_limit();
    if served::serve_if_asked(&arguments)? {
        return Ok(());
    }
    pin(None, 1);
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let mut sites = vec![Site::open("10 k", APPOINTMENTS)?];
    if has("--large") {
        sites.push(Site::open("1 M", APPOINTMENTS_LARGE)?);
    }
    let mut verdicts = Verdicts::default();
    if !has("--queue") {
        bursts(&mut sites, &mut verdicts)?;
    }
    if !has("--burst") {
        queues(&mut sites, &mut verdicts)?;
    }
    for site in &sites {
        println!("resident memory of the server at {}: {} KiB", site.name, site.server.resident_kib()?);
    }
    if verdicts.has_failed() { Err("something that was counted is wrong".into()) } else { Ok(()) }
}

/// A server and its database.
struct Site {
    name: &'static str,
    database: Database,
    server: Served,
}

impl Site {
    fn open(name: &'static str, appointments: u64) -> Outcome<Site> {
        let database = Database::prepare(appointments)?;
        let server = Served::medsrv(database.directory(), true)?;
        Ok(Site { name, database, server })
    }
}

fn bursts(sites: &mut [Site], verdicts: &mut Verdicts) -> Outcome<()> {
    println!(
        "{} sessions of {} places that open at one instant (p99 {} ms)",
        database::SESSIONS,
        database::PLACES,
        burst::GOAL_MS
    );
    let [enough, too_many] = [database::CAPACITY, database::CAPACITY + database::CAPACITY / 4];
    let mut p99s = vec![Vec::new(); sites.len()];
    for _ in 0..ROUNDS {
        for (site, p99s) in sites.iter_mut().zip(&mut p99s) {
            p99s.push(burst::measure(site, enough, verdicts)?);
        }
    }
    for site in sites.iter_mut() {
        burst::measure(site, too_many, verdicts)?;
    }
    tell_ratio("p99 of a call in the burst", &p99s);
    Ok(())
}

fn queues(sites: &mut [Site], verdicts: &mut Verdicts) -> Outcome<()> {
    println!(
        "{} listeners of {} queues, {} calls a second (p99 {} ms)",
        queue::LISTENERS,
        database::SESSIONS,
        queue::CALLS_PER_SECOND,
        queue::GOAL_MS
    );
    if let Some(site) = sites.first() {
        figures::print("a sync of this disk alone", &mut figures::syncs(site.database.directory())?);
    }
    let mut p99s = vec![Vec::new(); sites.len()];
    for _ in 0..ROUNDS {
        for (site, p99s) in sites.iter_mut().zip(&mut p99s) {
            p99s.push(queue::measure(site, verdicts)?);
        }
    }
    tell_ratio("p99 of a delivery", &p99s);
    Ok(())
}

/// What the size of the database costs, by the medians of all rounds.
fn tell_ratio(what: &str, p99s: &[Vec<f64>]) {
    if let [few, many] = p99s {
        let (few, many) = (median(few), median(many));
        println!("{what}: {few:.2} ms at 10 k, {many:.2} ms at 1 M, ratio {:.2} ({RATIO_GOAL})", many / few);
    }
}

/// Where the system does not permit it, connecting says so.
fn raise_descriptor_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}
