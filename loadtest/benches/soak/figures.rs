//! Owns what a run has come to: what is counted in each part of it, the rows that tell of it, and the verdicts.
//!
//! It never knows what is asked. Invariant: a request is counted in the part in which its reply came.

use crate::Outcome;
use crate::place::Memory;
use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::time::Duration;

/// The part of its memory by which a server may grow after the first part of a run.
const GROWTH_MAX: f64 = 0.05;
/// Samples whose median is the memory that the rest is held against.
const BASE_SAMPLES: usize = 10;
/// Distinct reasons of failures that are told.
const REASONS_TOLD: usize = 20;
const MIB: u64 = 1024 * 1024;

/// How the server's process and its files are at a moment.
pub struct Sample {
    pub memory: Memory,
    pub database: u64,
    pub wal: u64,
}

/// One part of a run.
struct Part {
    latencies_us: Histogram<u64>,
    refused: u64,
    failed: u64,
    memory: Memory,
    database: u64,
    wal_max: u64,
}

pub struct Figures {
    /// How long a part is.
    minutes: f64,
    part: Part,
    pub reloads: u32,
    pub rotations: u32,
    pub backups: u32,
    /// At the end of each part that is over.
    descriptors: Vec<usize>,
    /// KiB, each second: in the first part, and after it.
    first: Vec<u64>,
    later: Vec<u64>,
    requests: u64,
    failures: u64,
    reasons: BTreeMap<String, u64>,
}

impl Part {
    fn new() -> Outcome<Part> {
        Ok(Part {
            latencies_us: Histogram::new_with_bounds(1, 60_000_000, 3)?,
            refused: 0,
            failed: 0,
            memory: Memory::default(),
            database: 0,
            wal_max: 0,
        })
    }
}

impl Figures {
    pub fn new(minutes: f64) -> Outcome<Figures> {
        Ok(Figures {
            minutes,
            part: Part::new()?,
            reloads: 0,
            rotations: 0,
            backups: 0,
            descriptors: Vec::new(),
            first: Vec::new(),
            later: Vec::new(),
            requests: 0,
            failures: 0,
            reasons: BTreeMap::new(),
        })
    }

    pub fn done(&mut self, taken: Duration) {
        self.requests += 1;
        self.part.latencies_us.saturating_record(u64::try_from(taken.as_micros()).unwrap_or(u64::MAX));
    }

    pub fn refused(&mut self, taken: Duration) {
        self.part.refused += 1;
        self.done(taken);
    }

    pub fn failed(&mut self, why: &str) {
        self.requests += 1;
        self.failures += 1;
        self.part.failed += 1;
        if self.reasons.len() < REASONS_TOLD || self.reasons.contains_key(why) {
            let times = self.reasons.entry(why.to_owned()).or_default();
            *times += 1;
            if *times == 1 {
                eprintln!("{} failed: {why}", chrono::Local::now().format("%T"));
            }
        }
    }

    pub fn sample(&mut self, sample: &Sample) {
        if self.descriptors.is_empty() { &mut self.first } else { &mut self.later }
            .push(sample.memory.resident);
        self.part.memory = sample.memory;
        self.part.database = sample.database;
        self.part.wal_max = self.part.wal_max.max(sample.wal);
    }

    pub fn print_head(&self) {
        println!(
            "{:>11} {:>9} {:>7} {:>7} {:>7} {:>7} {:>7} {:>8} {:>8} {:>8} {:>4} {:>7} {:>7} {:>7} {:>7} {:>7}",
            "minutes",
            "requests",
            "refused",
            "failed",
            "p50 ms",
            "p99 ms",
            "p99.9",
            "longest",
            "RSS KiB",
            "own KiB",
            "fds",
            "WAL max",
            "db MiB",
            "reloads",
            "logs",
            "backups"
        );
    }

    /// Prints the part that is over, and begins the next one. The descriptors are those that the server has for itself.
    pub fn finish(&mut self, descriptors: usize) {
        let Ok(next) = Part::new() else { return };
        let part = std::mem::replace(&mut self.part, next);
        let at = |quantile: f64| part.latencies_us.value_at_quantile(quantile) as f64 / 1000.0;
        let number = self.descriptors.len() as f64;
        println!(
            "{:>11} {:>9} {:>7} {:>7} {:>7.2} {:>7.2} {:>7.2} {:>8.2} {:>8} {:>8} {:>4} {:>7} {:>7} {:>7} {:>7} {:>7}",
            format!("{:.1}-{:.1}", self.minutes * number, self.minutes * (number + 1.0)),
            part.latencies_us.len() + part.failed,
            part.refused,
            part.failed,
            at(0.5),
            at(0.99),
            at(0.999),
            part.latencies_us.max() as f64 / 1000.0,
            part.memory.resident,
            part.memory.anonymous,
            descriptors,
            part.wal_max / MIB,
            part.database / MIB,
            std::mem::take(&mut self.reloads),
            std::mem::take(&mut self.rotations),
            std::mem::take(&mut self.backups),
        );
        self.descriptors.push(descriptors);
    }

    pub fn judge(&self, verdicts: &mut Verdicts) {
        verdicts.check(
            self.failures == 0 && self.requests > 0,
            &format!("{} of {} requests failed", self.failures, self.requests),
        );
        for (why, count) in &self.reasons {
            println!("       {count} times: {why}");
        }
        let (fewest, most) = (self.descriptors.iter().min(), self.descriptors.iter().max());
        verdicts.check(
            fewest == most,
            &format!(
                "the server has {} to {} descriptors beside those of connections, by part",
                fewest.copied().unwrap_or_default(),
                most.copied().unwrap_or_default()
            ),
        );
        let mut base: Vec<u64> = self.first.iter().rev().take(BASE_SAMPLES).copied().collect();
        base.sort_unstable();
        let base = base.get(base.len() / 2).copied().unwrap_or_default();
        let most = self.later.iter().max().copied().unwrap_or_default();
        let growth = most as f64 / base as f64 - 1.0;
        verdicts.check(
            growth < GROWTH_MAX,
            &format!(
                "{base} KiB resident after the first part, at most {most} later: {:+.1} %",
                growth * 100.0
            ),
        );
    }
}

/// Whether all is as it must be.
#[derive(Default)]
pub struct Verdicts {
    failed: usize,
}

impl Verdicts {
    /// Prints a line, which says what was found as well.
    pub fn check(&mut self, is_good: bool, what: &str) {
        println!("  {} {what}", if is_good { "PASS" } else { "FAIL" });
        self.failed += usize::from(!is_good);
    }

    pub fn has_failed(&self) -> bool {
        self.failed > 0
    }
}
