//! The clinic against a small reference: random steps of many people, clocks that go forward and back, restarts.
//! After each step the reply is what the reference has predicted, and the database what the reference has become.
//!
//! `MEDSRV_MODEL_SEED` names the first seed, `MEDSRV_MODEL_SEEDS` how many are walked through, and
//! `MEDSRV_MODEL_SECONDS` how long others are begun where no number is given.

mod bookings;
mod check;
mod clinic;
mod driver;
mod old;
mod queue;
mod server;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const STEPS: usize = 1000;
/// A walk that is begun is walked to its end, which takes as long again.
const SECONDS: u64 = 10;
const WALKERS: u64 = 4;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

#[test]
fn whatever_comes_the_clinic_is_what_the_reference_is() {
    let first = variable("MEDSRV_MODEL_SEED").unwrap_or(1);
    let seeds = variable("MEDSRV_MODEL_SEEDS");
    let budget = Duration::from_secs(variable("MEDSRV_MODEL_SECONDS").unwrap_or(SECONDS));
    let begun = Instant::now();
    let (next, carried_out) = (AtomicU64::new(0), AtomicUsize::new(0));
    let failed = Mutex::new(None);
    // A walk waits for the disk most of the time, so that several are no slower than one.
    std::thread::scope(|scope| {
        for _ in 0..WALKERS {
            scope.spawn(|| {
                while failed.lock().unwrap().is_none() {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let is_wanted = match seeds {
                        Some(seeds) => number < seeds,
                        None => number < WALKERS || begun.elapsed() < budget,
                    };
                    if !is_wanted {
                        next.fetch_sub(1, Ordering::Relaxed);
                        return;
                    }
                    let seed = first + number;
                    match catch_unwind(AssertUnwindSafe(|| driver::walk(seed, STEPS))) {
                        Ok(accepted) => {
                            carried_out.fetch_add(accepted, Ordering::Relaxed);
                        }
                        Err(panic) => *failed.lock().unwrap() = Some((seed, panic)),
                    }
                }
            });
        }
    });
    if let Some((seed, panic)) = failed.into_inner().unwrap() {
        eprintln!("again: MEDSRV_MODEL_SEED={seed} MEDSRV_MODEL_SEEDS=1 cargo test --test model");
        resume_unwind(panic);
    }
    let (done, carried_out) = (next.into_inner(), carried_out.into_inner());
    println!("{done} seeds of {STEPS} steps, {carried_out} carried out");
    // Many are refused, but each walk must get somewhere.
    assert!(carried_out > usize::try_from(done).unwrap() * STEPS / 10, "{carried_out}");
}
