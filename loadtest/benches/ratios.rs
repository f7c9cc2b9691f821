//! The whole server against a bare echo on the same event loop, in one run: what is asked for is a ratio,
//! since this machine's speed at another minute says nothing.
//!
//! `cargo bench -p loadtest --bench ratios` measures; `-- --large` measures a database of a million
//! appointments beside one of ten thousand, too. The server is pinned to one core and the load to another.
//! Each ratio is the median of some rounds, in which echo and server take turns.

use loadtest::{Mix, Mode, Plan, Population, Report};
use medsrv::net::{Background, CommitOutcome, Handler, Limits, Place, Reactor, Refusal, Request, Verdict};
use medsrv::ops::config::Config;
use medsrv::session::{Session, SessionId};
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_setaffinity};
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

type Outcome<T> = Result<T, Box<dyn Error>>;

const DATABASE: &str = "MedicalSystem.db";
const ROUNDS: usize = 3;
const DURATION: Duration = Duration::from_millis(2500);
const WARMUP: Duration = Duration::from_millis(500);
const QUESTION: &str = r#"{"query_doctor_info": true, "doctor_name": "王医生"}"#;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |flag: &str| arguments.iter().skip_while(|argument| *argument != flag).nth(1);
    if arguments.iter().any(|argument| argument == "--serve-echo") {
        return serve_echo();
    }
    if let Some(directory) = after("--serve-medsrv") {
        return serve_medsrv(Path::new(directory));
    }
    pin(None, 1);
    against_echo()?;
    if arguments.iter().any(|argument| argument == "--large") {
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
    let echo = Served::echo()?;
    println!(
        "{:<34} {:>10} {:>10} {:>7} {:>9} {:>9} {:>9}",
        "", "echo /s", "medsrv /s", "ratio", "p50 µs", "p99 µs", "p99.9 µs"
    );
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
    let directory = tempfile::tempdir()?;
    let amounts = loadtest::prepare::Amounts { patients: PATIENTS, doctors: DOCTORS, appointments };
    loadtest::prepare::prepare(&directory.path().join(DATABASE), &amounts, 1, &mut |_| {})?;
    let server = Served::medsrv(directory.path())?;
    Ok((directory, server))
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
        "{name:<34} {:>10.0} {:>10.0} {:>7.2} {:>9} {:>9} {:>9}",
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

/// A server in a process of its own, on its own core.
struct Served {
    child: Child,
    address: SocketAddr,
}

impl Served {
    fn echo() -> Outcome<Served> {
        Served::start(&["--serve-echo"])
    }

    fn medsrv(directory: &Path) -> Outcome<Served> {
        Served::start(&["--serve-medsrv", &directory.to_string_lossy()])
    }

    fn start(arguments: &[&str]) -> Outcome<Served> {
        let mut child =
            Command::new(std::env::current_exe()?).args(arguments).stdout(Stdio::piped()).spawn()?;
        pin(i32::try_from(child.id()).ok().and_then(Pid::from_raw), 0);
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().ok_or("no output")?).read_line(&mut line)?;
        Ok(Served { child, address: line.trim().parse()? })
    }

    fn resident_kib(&self) -> Outcome<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.split_whitespace().nth(1).ok_or("no number")?.parse()?)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Puts a process on one core. Where there is no such core, it stays where it is.
fn pin(process: Option<Pid>, core: usize) {
    let mut cores = CpuSet::new();
    cores.set(core);
    if sched_setaffinity(process, &cores).is_err() {
        eprintln!("core {core} cannot be had alone; what follows is noisier");
    }
}

struct Echo;

impl Handler for Echo {
    fn request(&mut self, _: &Session, request: Request<'_>, _: Place, output: &mut Vec<u8>) -> Verdict {
        output.extend_from_slice(request.data);
        Verdict::Keep
    }

    fn commit(&mut self) -> CommitOutcome {
        CommitOutcome::Durable
    }

    fn retract(&mut self, _: &Session, _: &[u8], _: &mut Vec<u8>) {}

    fn refuse(&mut self, refusal: Refusal, output: &mut Vec<u8>) {
        output.extend_from_slice(refusal.to_string().as_bytes());
    }

    fn background(&mut self, _: bool) -> Background {
        Background::Nothing
    }

    fn reload(&mut self) {}

    fn closed(&mut self, _: SessionId) {}
}

fn serve_echo() -> Outcome<()> {
    let listener = mio::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let mut reactor = Reactor::new(listener, Limits::default())?;
    println!("{}", reactor.address());
    while reactor.turn(&mut Echo)? {}
    Ok(())
}

fn serve_medsrv(directory: &Path) -> Outcome<()> {
    let mut config = Config::default();
    config.server.port = 0;
    config.server.db_path = directory.join(DATABASE);
    config.audit.key_file = directory.join("audit.key");
    config.audit.anchor_file = directory.join("audit.anchor");
    config.legacy.networks = vec!["127.0.0.0/8".parse()?];
    let server = medsrv::server::Server::open(&config, false)?;
    println!("{}", server.address());
    Ok(server.run(|| {})?)
}
