//! The clinic against a small reference: random steps of many people, clocks that go forward and back, restarts.
//! After each step the reply is what the reference has predicted, and the database what the reference has become.
//!
//! `MEDSRV_MODEL_SEED` names the first seed, `MEDSRV_MODEL_SEEDS` how many are walked through, and
//! `MEDSRV_MODEL_SECONDS` how long others are begun where no number is given.

mod bookings;
mod check;
mod clinic;
mod driver;
mod queue;
mod server;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

const STEPS: usize = 1000;
const SECONDS: u64 = 20;

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
    let (mut done, mut carried_out) = (0, 0);
    while seeds.map_or(done == 0 || begun.elapsed() < budget, |seeds| done < seeds) {
        let seed = first + done;
        match catch_unwind(AssertUnwindSafe(|| driver::walk(seed, STEPS))) {
            Ok(accepted) => carried_out += accepted,
            Err(panic) => {
                eprintln!(
                    "seed {seed}; again: MEDSRV_MODEL_SEED={seed} MEDSRV_MODEL_SEEDS=1 cargo test --test model"
                );
                resume_unwind(panic);
            }
        }
        done += 1;
    }
    println!("{done} seeds of {STEPS} steps, {carried_out} carried out");
    // Many are refused, but each walk must get somewhere.
    assert!(carried_out > usize::try_from(done).unwrap() * STEPS / 10, "{carried_out}");
}
