//! Owns a row of open-loop runs at rising rates, and where the server's knee is.
//!
//! It never knows how a sweep is shown. Invariant: the knee is found by the written rule alone.

use crate::driver::RunError;
use crate::plan::{Mode, Plan, RATE_MAX};
use crate::report::Report;
use crate::units;
use serde::Serialize;
use std::str::FromStr;

/// A p99 under this is good at any rate: doubling a few microseconds says nothing about a server.
const P99_GOOD_NS: u64 = 1_000_000;
pub const RULE: &str = "the last rate, from the lowest without a gap, with no errors, at least 99 % of the offered rate \
     served, and a p99 of at most twice that of the lowest rate, or of at most 1 ms";
pub const STEPS_MAX: u32 = 100;

/// From which rate to which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub lowest: u64,
    pub highest: u64,
}

/// A text that is no range of rates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no range of rates: write LOWEST..HIGHEST, as in 1000..60000, at most {RATE_MAX}")]
pub struct RangeError(String);

impl FromStr for Range {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Range, RangeError> {
        let parsed =
            text.split_once("..").and_then(|(low, high)| Some((low.parse().ok()?, high.parse().ok()?)));
        match parsed {
            Some((lowest, highest)) if lowest >= 1 && lowest < highest && highest <= RATE_MAX => {
                Ok(Range { lowest, highest })
            }
            _ => Err(RangeError(text.to_owned())),
        }
    }
}

impl Range {
    /// Rates that rise by the same factor each.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rates are positive and at most RATE_MAX"
    )]
    pub fn rates(&self, steps: u32) -> Vec<u64> {
        let factor = self.highest as f64 / self.lowest as f64;
        let last = f64::from(steps.max(2) - 1);
        (0..steps.max(2))
            .map(|step| (self.lowest as f64 * factor.powf(f64::from(step) / last)).round() as u64)
            .collect()
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sweep {
    /// How the knee is found.
    pub rule: &'static str,
    /// The rate at the knee; none where not even the lowest was good.
    pub knee_rate: Option<u64>,
    pub steps: Vec<Report>,
}

/// Runs `plan` at each rate in turn.
///
/// # Errors
/// As those of [`crate::run`].
pub fn sweep(
    plan: &Plan,
    rates: &[u64],
    mut run: impl FnMut(&Plan) -> Result<Report, RunError>,
) -> Result<Sweep, RunError> {
    let mut steps = Vec::new();
    for rate in rates {
        steps.push(run(&Plan { mode: Mode::Open { rate: *rate }, ..plan.clone() })?);
    }
    Ok(Sweep { rule: RULE, knee_rate: knee(&steps), steps })
}

fn knee(steps: &[Report]) -> Option<u64> {
    let p99_ns_max = steps.first()?.latencies.p99_ns.saturating_mul(2).max(P99_GOOD_NS);
    let good = steps.iter().take_while(|step| is_good(step, p99_ns_max));
    good.last().and_then(|step| step.setting.offered_rate)
}

#[expect(clippy::cast_precision_loss, reason = "rates are at most RATE_MAX")]
fn is_good(step: &Report, p99_ns_max: u64) -> bool {
    let offered = step.setting.offered_rate.unwrap_or(0) as f64;
    step.errors_total == 0 && step.rate >= 0.99 * offered && step.latencies.p99_ns <= p99_ns_max
}

impl Sweep {
    /// Where the knee is, in words.
    pub fn verdict(&self) -> String {
        let last = self.steps.last().and_then(|step| step.setting.offered_rate);
        match self.knee_rate {
            None => "not even the lowest rate was served well".into(),
            Some(rate) if Some(rate) == last => {
                format!(
                    "not reached: {} requests/s, the highest rate, was still served well",
                    units::count(rate)
                )
            }
            Some(rate) => format!("{} requests/s", units::count(rate)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::sample;

    fn step(offered: u64, rate: f64, p99_ns: u64, errors_total: u64) -> Report {
        let mut report = sample();
        report.setting.offered_rate = Some(offered);
        (report.rate, report.latencies.p99_ns, report.errors_total) = (rate, p99_ns, errors_total);
        report
    }

    #[test]
    fn rates_rise_from_end_to_end() {
        let range: Range = "1000..64000".parse().unwrap();
        assert_eq!(range.rates(7), [1000, 2000, 4000, 8000, 16000, 32000, 64000]);
        assert_eq!(range.rates(1), [1000, 64000]);
        for text in ["", "5", "0..9", "9..5", "1..99999999999"] {
            assert!(text.parse::<Range>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_knee_is_before_the_first_rate_that_is_not_good() {
        let fine = [step(10, 10.0, 2_000_000, 0), step(20, 20.0, 4_000_000, 0)];
        let knee_with =
            |third: Report| knee(&[fine[0].clone(), fine[1].clone(), third, step(80, 80.0, 1, 0)]);
        assert_eq!(knee_with(step(40, 40.0, 4_000_001, 0)), Some(20), "too slow");
        assert_eq!(knee_with(step(40, 39.0, 1, 0)), Some(20), "not all served");
        assert_eq!(knee_with(step(40, 40.0, 1, 1)), Some(20), "an error");
        assert_eq!(knee_with(step(40, 39.7, 1, 0)), Some(80));
        assert_eq!(
            knee(&[step(10, 10.0, 10_000, 0), step(20, 20.0, 900_000, 0)]),
            Some(20),
            "under 1 ms is good"
        );
        assert_eq!(knee(&[step(10, 5.0, 1, 0)]), None);
    }
}
