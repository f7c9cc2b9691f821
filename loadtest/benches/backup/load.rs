//! Owns those who are served meanwhile: connections that book and that ask, each at its own pace, and how long each
//! of their requests took.
//!
//! It never knows a backup. Invariant: a request's time begins when it was due, so a server that stands still is
//! charged for all that had to wait.

use crate::{DOCTORS, Outcome, PATIENTS};
use medsrv::net::encode_request;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub const WRITERS: u64 = 10;
const READERS: u64 = 10;
const WRITE_EVERY: Duration = Duration::from_millis(20);
const READ_EVERY: Duration = Duration::from_millis(10);
/// The patients of one writer, who come in turn.
pub const PATIENTS_EACH: u64 = PATIENTS / WRITERS;

/// What is measured now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Neither = 0,
    Without = 1,
    During = 2,
    End = 3,
}

#[derive(Default)]
struct Shared {
    phase: AtomicU8,
    sent: [AtomicU64; WRITERS as usize],
    acknowledged: [AtomicU64; WRITERS as usize],
}

/// How long requests took, in nanoseconds.
#[derive(Default)]
struct Times {
    without: Vec<u64>,
    during: Vec<u64>,
}

pub struct Load {
    shared: Arc<Shared>,
    writers: Vec<JoinHandle<std::io::Result<Times>>>,
    readers: Vec<JoinHandle<std::io::Result<Times>>>,
}

impl Load {
    pub fn begin(address: SocketAddr) -> Load {
        let shared = Arc::new(Shared::default());
        let writers = (0..WRITERS).map(|writer| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || {
                let at = usize::try_from(writer).unwrap_or(0);
                drive(address, &shared, WRITE_EVERY, |number, ended| {
                    let counter = if ended { &shared.acknowledged } else { &shared.sent };
                    counter[at].store(number + u64::from(ended), Ordering::SeqCst);
                    booking(writer, number)
                })
            })
        });
        let writers = writers.collect();
        let readers = (0..READERS).map(|reader| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || {
                drive(address, &shared, READ_EVERY, |number, _| question(reader + number * READERS))
            })
        });
        let readers = readers.collect();
        Load { shared, writers, readers }
    }

    pub fn is_now(&self, phase: Phase) {
        self.shared.phase.store(phase as u8, Ordering::SeqCst);
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration, phase: Phase) {
        self.is_now(phase);
        std::thread::sleep(time);
        self.is_now(Phase::Neither);
    }

    /// How many bookings of each writer have been answered.
    pub fn acknowledged(&self) -> Vec<u64> {
        self.shared.acknowledged.iter().map(|count| count.load(Ordering::SeqCst)).collect()
    }

    /// How many have been sent.
    pub fn sent(&self) -> Vec<u64> {
        self.shared.sent.iter().map(|count| count.load(Ordering::SeqCst) + 1).collect()
    }

    pub fn end(self) -> Outcome<Samples> {
        self.is_now(Phase::End);
        let gather = |clients: Vec<JoinHandle<std::io::Result<Times>>>| -> Outcome<Times> {
            let mut all = Times::default();
            for client in clients {
                let times = client.join().map_err(|_| "a client has panicked")??;
                all.without.extend(times.without);
                all.during.extend(times.during);
            }
            all.without.sort_unstable();
            all.during.sort_unstable();
            Ok(all)
        };
        Ok(Samples { bookings: gather(self.writers)?, queries: gather(self.readers)? })
    }
}

/// What is not yet sent when the bench ends is never sent.
fn drive(
    address: SocketAddr,
    shared: &Shared,
    every: Duration,
    mut request: impl FnMut(u64, bool) -> String,
) -> std::io::Result<Times> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let begun = Instant::now();
    let mut times = Times::default();
    let mut frame = Vec::new();
    for number in 0.. {
        let due = begun + every * u32::try_from(number).unwrap_or(u32::MAX);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let phase = shared.phase.load(Ordering::SeqCst);
        if phase == Phase::End as u8 {
            break;
        }
        frame.clear();
        encode_request("bench", request(number, false).as_bytes(), &mut frame);
        stream.write_all(&frame)?;
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let mut reply = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut reply)?;
        let took = u64::try_from(due.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let reply = String::from_utf8_lossy(&reply);
        if reply.contains("error") {
            return Err(std::io::Error::other(format!("answered {reply}")));
        }
        request(number, true);
        match phase {
            phase if phase == Phase::Without as u8 => times.without.push(took),
            phase if phase == Phase::During as u8 => times.during.push(took),
            _ => {}
        }
    }
    Ok(times)
}

/// Each writer books in a year of its own, its patients one after the other, and those of a day once only.
fn booking(writer: u64, number: u64) -> String {
    let (day, patient) = (number / PATIENTS_EACH, writer * PATIENTS_EACH + number % PATIENTS_EACH);
    format!(
        r#"{{"create_appointment":true,"patient_phone":"166{patient:08}","doctor_name":"测试医生{:06}","appointment_time":"{}-01-{:02} 09:00:00","fee_paid":1}}"#,
        number % DOCTORS,
        year(writer),
        day + 1
    )
}

pub fn year(writer: u64) -> u64 {
    2100 + writer
}

fn question(number: u64) -> String {
    format!(r#"{{"query_doctor_info":true,"doctor_name":"测试医生{:06}"}}"#, number % DOCTORS)
}

/// How long all requests took.
pub struct Samples {
    bookings: Times,
    queries: Times,
}

impl Samples {
    pub fn print(&self, goal: f64) {
        println!(
            "{:<10} {:>8} {:>8} {:>9} {:>9} {:>9} {:>9} {:>7}",
            "", "p50 µs", "during", "p99 µs", "during", "p99.9 µs", "during", "p99 ×"
        );
        for (name, times) in [("bookings", &self.bookings), ("queries", &self.queries)] {
            let at =
                |share: f64| (quantile(&times.without, share) / 1000, quantile(&times.during, share) / 1000);
            let (half, most, nearly_all) = (at(0.5), at(0.99), at(0.999));
            let ratio = most.1 as f64 / most.0.max(1) as f64;
            println!(
                "{name:<10} {:>8} {:>8} {:>9} {:>9} {:>9} {:>9} {ratio:>7.2}{}   of {} and {}",
                half.0,
                half.1,
                most.0,
                most.1,
                nearly_all.0,
                nearly_all.1,
                if ratio < goal { "" } else { " -" },
                times.without.len(),
                times.during.len()
            );
        }
    }
}

fn quantile(sorted: &[u64], share: f64) -> u64 {
    let at = ((sorted.len() as f64 - 1.0) * share).round();
    sorted.get(at.max(0.0) as usize).copied().unwrap_or(0)
}
