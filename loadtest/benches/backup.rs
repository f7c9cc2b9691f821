//! What backups cost those who are served meanwhile, and whether each is one committed point.
//!
//! `cargo bench -p loadtest --bench backup` has the server make 50 backups of a database of 100,000 appointments
//! while 500 bookings and 1,000 queries a second come, and compares how long these wait while a backup is made with
//! how long they wait otherwise, in rounds that take turns; `-- --large` takes a million appointments, and
//! `-- --few` makes ten. Then each backup is verified, and holds exactly what each booking connection had sent up to
//! some moment between the asking for it and its end. The server is pinned to one core and its clients to another;
//! the process that makes a backup may run on both.

#[path = "backup/check.rs"]
mod check;
#[path = "backup/load.rs"]
mod load;
#[path = "backup/operator.rs"]
mod operator;
#[path = "ratios/served.rs"]
#[allow(dead_code, reason = "its server makes no backups")]
mod served;

use load::{Load, Phase};
use loadtest::prepare::Amounts;
use medsrv::ops::config::{Config, Loaded};
use medsrv::ops::supervisor::Supervisor;
use medsrv::server::{Given, Server, Sockets};
use operator::Operator;
use rustix::thread::{CpuSet, sched_setaffinity};
use served::{DATABASE, Served, pin};
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn Error>>;

pub const PATIENTS: u64 = 100_000;
pub const DOCTORS: u64 = 1_000;
const APPOINTMENTS: u64 = 100_000;
const LARGE: u64 = 1_000_000;
const BACKUPS: usize = 50;
const FEW: usize = 10;
const BACKUPS_PER_ROUND: usize = 5;
/// How long is measured without a backup in each round.
const WITHOUT: Duration = Duration::from_secs(5);
const WARMUP: Duration = Duration::from_secs(3);
/// How much longer others may wait while a backup is made.
const GOAL: f64 = 2.0;
/// The directory of the served medsrv follows.
const SERVE: &str = "--serve-medsrv-with-backups";
/// What the program does as the one whose part it takes here.
const COMMANDS: [&str; 2] = ["scheduled-backup", "backup"];
/// Seldom enough that only those are made that are asked for, after the first.
const EVERY_MIN: u32 = 7 * 24 * 60;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some(SERVE) => return serve(Path::new(arguments.get(1).ok_or("no directory")?)),
        Some(command) if COMMANDS.contains(&command) => {
            let mut cores = CpuSet::new();
            (0..2).for_each(|core| cores.set(core));
            // Where there are no two cores, it stays where it is.
            let _ = sched_setaffinity(None, &cores);
            let words = ["medsrv".to_owned()].into_iter().chain(arguments).map(Into::into);
            std::process::exit(medsrv::command::run_words(words.collect()).into());
        }
        _ => {}
    }
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    pin(None, 1);
    measure(if has("--large") { LARGE } else { APPOINTMENTS }, if has("--few") { FEW } else { BACKUPS })
}

fn serve(directory: &Path) -> Outcome<()> {
    let mut config = Config::default();
    config.server.port = 0;
    config.server.db_path = directory.join(DATABASE);
    config.server.pid_file = directory.join("server.pid");
    config.audit.key_file = directory.join("audit.key");
    config.audit.anchor_file = directory.join("audit.anchor");
    config.backup.directory = Some(directory.join("backups"));
    config.backup.keep_last = 2 * BACKUPS;
    config.backup.every_min = EVERY_MIN;
    // A client that this machine keeps from its turn for long is measured, not closed.
    config.legacy.linger_ms = 60_000;
    let sockets = Sockets::bind(&config, Given::default())?;
    let server = Server::open(Loaded::of(config), sockets, false)?;
    println!("{}", server.address());
    Ok(server.run(Supervisor::none(), None)?)
}

/// One backup, with how far each booking connection had come.
pub struct Made {
    pub file: String,
    pub bytes: u64,
    pub took: Duration,
    pub acknowledged_before: Vec<u64>,
    pub sent_after: Vec<u64>,
}

fn measure(appointments: u64, count: usize) -> Outcome<()> {
    let place = tempfile::tempdir()?;
    let directory = place.path();
    std::fs::create_dir(directory.join("backups"))?;
    let amounts = Amounts { patients: PATIENTS, doctors: DOCTORS, appointments, sessions: 0 };
    loadtest::prepare::prepare(&directory.join(DATABASE), &amounts, 1, &mut |_| {})?;
    let server = Served::start(&[SERVE, &directory.to_string_lossy()])?;
    let mut operator = Operator::at(&directory.join("server.pid.sock"))?;
    operator.wait_for_run(1)?;
    let load = Load::begin(server.address);
    load.pass(WARMUP, Phase::Neither);
    let mut made = Vec::new();
    while made.len() < count {
        load.pass(WITHOUT, Phase::Without);
        for _ in 0..BACKUPS_PER_ROUND {
            made.push(make(&mut operator, &load)?);
        }
    }
    let samples = load.end()?;
    let bytes = made.iter().map(|backup| backup.bytes).max().unwrap_or(0);
    let longest = made.iter().map(|backup| backup.took).max().unwrap_or_default();
    let all: Duration = made.iter().map(|backup| backup.took).sum();
    println!(
        "{count} backups of {appointments} appointments, {} MiB each: {:.2} s on average, {:.2} s at most",
        bytes / 1024 / 1024,
        all.as_secs_f64() / count as f64,
        longest.as_secs_f64()
    );
    samples.print(GOAL);
    check::check(directory, &made)?;
    println!("each of the {count} is whole, and one moment of what was acknowledged");
    Ok(())
}

fn make(operator: &mut Operator, load: &Load) -> Outcome<Made> {
    // Their names tell them apart by the second.
    load.pass(Duration::from_secs(1), Phase::Neither);
    let acknowledged_before = load.acknowledged();
    load.is_now(Phase::During);
    let begun = Instant::now();
    let (file, bytes) = operator.backup()?;
    let took = begun.elapsed();
    load.is_now(Phase::Neither);
    Ok(Made { file, bytes, took, acknowledged_before, sent_after: load.sent() })
}
