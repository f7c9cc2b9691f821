//! Owns how what was found is told: rows of times, and lines of PASS or FAIL.
//!
//! It never measures. Invariant: a time is never judged, and a count always is.

use crate::Outcome;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

const SYNCS: usize = 500;
const BETWEEN_SYNCS: Duration = Duration::from_millis(5);

/// Whether what was counted is as it must be.
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

/// The value that a part of the sorted values does not exceed.
pub fn at(sorted: &[f64], part: f64) -> f64 {
    let place = (sorted.len() as f64 * part) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// Prints a row of times in milliseconds, and returns their p99.
pub fn print(name: &str, times_ms: &mut [f64]) -> f64 {
    times_ms.sort_by(f64::total_cmp);
    let [p50, p99, p999, max] = [0.5, 0.99, 0.999, 1.0].map(|part| at(times_ms, part));
    println!(
        "  {name:<40} {:>8} times, ms: p50 {p50:>7.2}, p99 {p99:>7.2}, p99.9 {p999:>7.2}, longest {max:>7.2}",
        times_ms.len()
    );
    p99
}

pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_owned();
    sorted.sort_by(f64::total_cmp);
    at(&sorted, 0.5)
}

pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// How long the disk takes to sync a page, in milliseconds: what no change can be told before.
pub fn syncs(directory: &Path) -> Outcome<Vec<f64>> {
    let mut file = std::fs::File::create(directory.join("sync"))?;
    let mut taken = Vec::new();
    for _ in 0..SYNCS {
        let begun = Instant::now();
        file.write_all(&[1; 4096])?;
        file.sync_data()?;
        taken.push(ms(begun.elapsed()));
        std::thread::sleep(BETWEEN_SYNCS);
    }
    Ok(taken)
}
