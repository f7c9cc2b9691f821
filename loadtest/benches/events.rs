//! How long it takes until all who listen have heard of a change: 1,000 connections listen to the places of 50
//! sessions, 20 to each, while 200 holds expire in each second.
//!
//! `cargo bench -p loadtest --bench events`. The server is pinned to one core and the listeners to another. A
//! change is due at a moment that is known before, the expiry of its hold; what is measured is the time from
//! then until the last of its listeners has the frame: the server's waking, the step, its event and its audit
//! entry, one commit with its sync, and the pushes.

use medsrv::ops::config::Config;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use rusqlite::Connection;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};
use serde_json::Value;
use std::error::Error;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

type Outcome<T> = Result<T, Box<dyn Error>>;

const DATABASE: &str = "MedicalSystem.db";
const LISTENERS: usize = 1000;
const SESSIONS: usize = 50;
const CHANGES_PER_SECOND: usize = 200;
const SECONDS: usize = 10;
const CHANGES: usize = CHANGES_PER_SECOND * SECONDS;
/// So long after the rows are written the first hold expires.
const LEAD_MS: u64 = 1000;
/// The last change is waited for no longer than this.
const PATIENCE: Duration = Duration::from_secs(30);
const SYNCS: usize = 500;
const GOAL_MS: f64 = 10.0;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(directory) = arguments.iter().skip_while(|argument| *argument != "--serve").nth(1) {
        return serve(Path::new(directory));
    }
    pin(None, 1);
    raise_descriptor_limit();
    let directory = tempfile::tempdir()?;
    let syncs = syncs(directory.path())?;
    let server = Served::start(directory.path())?;
    let database = directory.path().join(DATABASE);
    insert_sessions(&database)?;
    let mut listeners = Vec::new();
    for place in 0..LISTENERS {
        let topic = place % SESSIONS + 1;
        listeners.push(Listener::subscribe(server.address, topic)?);
    }
    let first_ms = insert_holds(&database)?;
    // With this the server sees what another process has written.
    drop(Listener::subscribe(server.address, 1)?);
    let heard = listen(&mut listeners, first_ms)?;
    report(heard, syncs)
}

/// How long the disk takes to sync a page, in milliseconds: what no change can be told before.
fn syncs(directory: &Path) -> Outcome<Vec<f64>> {
    let mut file = std::fs::File::create(directory.join("sync"))?;
    let mut taken = Vec::new();
    for _ in 0..SYNCS {
        let begun = Instant::now();
        file.write_all(&[1; 4096])?;
        file.sync_data()?;
        taken.push(begun.elapsed().as_secs_f64() * 1000.0);
        std::thread::sleep(Duration::from_millis((1000 / CHANGES_PER_SECOND) as u64));
    }
    Ok(taken)
}

/// Where the system does not permit it, connecting says so.
fn raise_descriptor_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

fn now_ms() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1000.0
}

fn insert_sessions(path: &Path) -> Outcome<()> {
    let database = Connection::open(path)?;
    let places = CHANGES / SESSIONS;
    for place in 1..=SESSIONS {
        database.execute(
            "INSERT INTO clinic_sessions (session_id, doctor_id, day, period, starts_at, ends_at, capacity_online,
                capacity_onsite, capacity_addon, booked_online)
            VALUES (?1, 4, '2999-01-01', ?1, '2999-01-01 08:00:00', '2999-01-01 12:00:00', ?2, 0, 0, ?2)",
            (place as i64, places as i64),
        )?;
    }
    Ok(())
}

/// Holds that expire one after the other, in each session in turn. Returns when the first does.
fn insert_holds(path: &Path) -> Outcome<f64> {
    let mut database = Connection::open(path)?;
    let transaction = database.transaction()?;
    let first_ms = (now_ms() as u64 + LEAD_MS) as f64;
    for place in 0..CHANGES {
        let (id, session_id) = (place + 1000, place % SESSIONS + 1);
        transaction.execute(
            "INSERT INTO appointments (appointment_id, patient_id, doctor_id, appointment_time, status, queue_number)
            VALUES (?1, 1, 4, '2999-01-01 08:00:00', 'pending', ?1)",
            [id as i64],
        )?;
        transaction.execute(
            "INSERT INTO bookings (appointment_id, session_id, patient_id, day, starts_at, ends_at, state, pool,
                expires_ms, changed_ms)
            VALUES (?1, ?2, 1, '2999-01-01', '2999-01-01 08:00:00', '2999-01-01 12:00:00', 'held', 'online', ?3, 0)",
            (id as i64, session_id as i64, due_ms(first_ms, place) as i64),
        )?;
    }
    transaction.commit()?;
    Ok(first_ms)
}

fn due_ms(first_ms: f64, change: usize) -> f64 {
    first_ms + (change * 1000 / CHANGES_PER_SECOND) as f64
}

/// One connection that listens to one session.
struct Listener {
    stream: TcpStream,
    topic: usize,
    inbox: Vec<u8>,
}

impl Listener {
    fn subscribe(address: SocketAddr, topic: usize) -> Outcome<Listener> {
        let mut stream = std::net::TcpStream::connect(address)?;
        let call = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"event.subscribe","params":{{"topics":["session:{topic}"]}}}}"#
        );
        let mut frame = Vec::new();
        medsrv::net::encode_request("bench", call.as_bytes(), &mut frame);
        stream.write_all(&frame)?;
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let mut reply = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut reply)?;
        let reply: Value = serde_json::from_slice(&reply)?;
        if reply["result"]["topics"].as_array().is_none_or(|topics| topics.len() != 1) {
            return Err(format!("not subscribed: {reply}").into());
        }
        stream.set_nonblocking(true)?;
        Ok(Listener { stream: TcpStream::from_std(stream), topic, inbox: Vec::new() })
    }

    /// Reads what is there, and hands each notification to `each`.
    fn receive(&mut self, mut each: impl FnMut(&Value)) -> Outcome<()> {
        let mut chunk = [0; 4096];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err("the server has closed a listener's connection".into()),
                Ok(count) => self.inbox.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        while let Some(length) = self.inbox.first_chunk().map(|bytes| u32::from_be_bytes(*bytes) as usize) {
            let Some(data) = self.inbox.get(4..4 + length) else { break };
            each(&serde_json::from_slice(data)?);
            self.inbox.drain(..4 + length);
        }
        Ok(())
    }
}

/// When each change was heard by each of its listeners, from when it was due, in milliseconds.
fn listen(listeners: &mut [Listener], first_ms: f64) -> Outcome<Vec<Vec<f64>>> {
    let mut poll = Poll::new()?;
    for (place, listener) in listeners.iter_mut().enumerate() {
        poll.registry().register(&mut listener.stream, Token(place), Interest::READABLE)?;
    }
    let mut events = Events::with_capacity(LISTENERS);
    let mut heard = vec![Vec::new(); CHANGES];
    let mut missing = CHANGES * LISTENERS / SESSIONS;
    let begun = Instant::now();
    while missing > 0 && begun.elapsed() < Duration::from_secs(SECONDS as u64) + PATIENCE {
        poll.poll(&mut events, Some(Duration::from_secs(1)))?;
        for event in &events {
            let Some(listener) = listeners.get_mut(event.token().0) else { continue };
            let topic = listener.topic;
            let mut remaining = Vec::new();
            listener.receive(|notification| {
                remaining.extend(notification["params"]["facts"]["online"]["remaining"].as_u64());
            })?;
            let now_ms = now_ms();
            for remaining in remaining {
                // With each hold that expires, one place more remains.
                let change = (remaining as usize - 1) * SESSIONS + topic - 1;
                let Some(heard) = heard.get_mut(change) else { return Err("too many places remain".into()) };
                heard.push(now_ms - due_ms(first_ms, change));
                missing -= 1;
            }
        }
    }
    Ok(heard)
}

fn report(heard: Vec<Vec<f64>>, mut syncs: Vec<f64>) -> Outcome<()> {
    let listeners = LISTENERS / SESSIONS;
    let whole = heard.iter().filter(|heard| heard.len() == listeners).count();
    let mut each: Vec<f64> = heard.iter().flatten().copied().collect();
    let mut last: Vec<f64> =
        heard.iter().filter_map(|heard| heard.iter().copied().max_by(f64::total_cmp)).collect();
    println!(
        "{LISTENERS} listeners of {SESSIONS} sessions, {CHANGES_PER_SECOND} changes a second, {CHANGES} in all"
    );
    println!("heard by all {listeners} of their listeners: {whole}");
    println!("{:<28} {:>8} {:>8} {:>8} {:>8}", "ms from the due moment", "p50", "p99", "p99.9", "max");
    let rows = [
        ("a listener has heard", &mut each),
        ("all of them have", &mut last),
        ("a sync of this disk alone", &mut syncs),
    ];
    for (name, values) in rows {
        values.sort_by(f64::total_cmp);
        let at = |part: f64| values.get(((values.len() as f64 * part) as usize).min(values.len() - 1));
        let [p50, p99, p999, max] = [0.5, 0.99, 0.999, 1.0].map(|part| at(part).copied().unwrap_or(f64::NAN));
        println!("{name:<28} {p50:>8.2} {p99:>8.2} {p999:>8.2} {max:>8.2}");
    }
    let p99 = last.get(last.len() * 99 / 100).copied().unwrap_or(f64::INFINITY);
    let verdict = if whole == CHANGES && p99 <= GOAL_MS { "met" } else { "not met" };
    println!("goal: all have heard within {GOAL_MS} ms at p99: {verdict}");
    Ok(())
}

/// A server in a process of its own, on its own core.
struct Served {
    child: Child,
    address: SocketAddr,
}

impl Served {
    fn start(directory: &Path) -> Outcome<Served> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--serve", &directory.to_string_lossy()])
            .stdout(Stdio::piped())
            .spawn()?;
        pin(i32::try_from(child.id()).ok().and_then(Pid::from_raw), 0);
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().ok_or("no output")?).read_line(&mut line)?;
        Ok(Served { child, address: line.trim().parse()? })
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

fn serve(directory: &Path) -> Outcome<()> {
    let mut config = Config::default();
    config.server.port = 0;
    config.server.db_path = directory.join(DATABASE);
    config.audit.key_file = directory.join("audit.key");
    config.audit.anchor_file = directory.join("audit.anchor");
    config.limits.connections_per_address_max = 2 * LISTENERS;
    let server = medsrv::server::Server::open(&config, true)?;
    println!("{}", server.address());
    Ok(server.run(|| {})?)
}
