//! Owns what a run must reach, as `--check` writes it, and whether a report does.
//!
//! It never ends a process. Invariant: a failed check says what was wanted, what was found and by how much.

use crate::report::{Latencies, Report};
use crate::units;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// One thing that a run must reach.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// `None` means all operations together.
    operation: Option<String>,
    bound: Bound,
}

#[derive(Debug, Clone, PartialEq)]
enum Bound {
    /// A column of the table is at most this.
    Latency { column: &'static str, max: Duration },
    /// At most so many errors.
    Errors { max: u64 },
    /// At most this part of all requests are errors, in percent.
    ErrorPercent { max: f64 },
    /// At least so many successes a second.
    Rate { min: f64 },
}

/// A text that is no check.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    #[error("{0:?} is no check: write NAME=LIMIT, as in p99=100ms,errors=0,rate=1000")]
    Shape(String),
    #[error(
        "{0:?} cannot be checked: known are p50, p90, p99, p99.9, max, errors (a count, or a share as in 0.1%) and \
         rate, each also as OPERATION:NAME"
    )]
    Name(String),
    #[error("the limit of {name}: {reason}")]
    Limit { name: String, reason: String },
}

/// All that a run must reach.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checks(pub Vec<Check>);

impl FromStr for Checks {
    type Err = CheckError;

    fn from_str(text: &str) -> Result<Checks, CheckError> {
        text.split(',').map(|part| part.trim().parse()).collect::<Result<_, _>>().map(Checks)
    }
}

impl FromStr for Check {
    type Err = CheckError;

    fn from_str(text: &str) -> Result<Check, CheckError> {
        let (subject, limit) = text.split_once('=').ok_or_else(|| CheckError::Shape(text.into()))?;
        let (operation, name) = match subject.rsplit_once(':') {
            Some((operation, name)) => (Some(operation.to_owned()), name),
            None => (None, subject),
        };
        let wrong = |reason: String| CheckError::Limit { name: subject.into(), reason };
        let number = |text: &str| match text.parse::<f64>() {
            Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
            _ => Err(wrong(format!("{text:?} is no positive number"))),
        };
        let column = Latencies::default().columns().into_iter().find(|(column, _)| *column == name);
        let bound = match (column, name) {
            (Some((column, _)), _) => {
                let max = units::parse_time(limit).map_err(|error| wrong(error.to_string()))?;
                Bound::Latency { column, max }
            }
            (None, "errors") => match limit.strip_suffix('%') {
                Some(percent) => Bound::ErrorPercent { max: number(percent)? },
                None => Bound::Errors {
                    max: limit
                        .parse()
                        .map_err(|_| wrong(format!("{limit:?} is neither a count nor a share")))?,
                },
            },
            (None, "rate") => Bound::Rate { min: number(limit)? },
            (None, _) => return Err(CheckError::Name(name.into())),
        };
        Ok(Check { operation, bound })
    }
}

impl fmt::Display for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = &self.operation {
            write!(formatter, "{operation}:")?;
        }
        match &self.bound {
            Bound::Latency { column, .. } => formatter.write_str(column),
            Bound::Errors { .. } | Bound::ErrorPercent { .. } => formatter.write_str("errors"),
            Bound::Rate { .. } => formatter.write_str("rate"),
        }
    }
}

impl Checks {
    /// What of it a report does not reach, in words.
    pub fn failures(&self, report: &Report) -> Vec<String> {
        self.0.iter().filter_map(|check| check.failure(report)).collect()
    }
}

impl Check {
    fn failure(&self, report: &Report) -> Option<String> {
        let (latencies, rate, errors) = match &self.operation {
            None => (&report.latencies, report.rate, report.errors_total),
            Some(name) => match report.operations.iter().find(|operation| operation.name == *name) {
                Some(operation) => (&operation.latencies, operation.rate, operation.errors.total()),
                None => return Some(format!("{self}: the run had no operation of that name")),
            },
        };
        match &self.bound {
            Bound::Latency { column, max } => self.latency_failure(latencies, column, *max),
            Bound::Errors { max } if errors > *max => {
                Some(format!("{self}: {errors} where at most {max} are allowed, {} too many", errors - max))
            }
            Bound::ErrorPercent { max } => {
                let share = percent(errors, latencies.count + errors);
                let text = format!("{self}: {share:.3} % of the requests where at most {max} % are allowed");
                (share > *max).then_some(text)
            }
            Bound::Rate { min } if rate < *min => Some(format!(
                "{self}: {} a second where at least {} are wanted, {:.1} % too few",
                units::rate(rate),
                units::rate(*min),
                (1.0 - rate / min) * 100.0
            )),
            Bound::Errors { .. } | Bound::Rate { .. } => None,
        }
    }

    fn latency_failure(&self, latencies: &Latencies, column: &str, max: Duration) -> Option<String> {
        if latencies.count == 0 {
            return Some(format!("{self}: no request succeeded, so there is no latency"));
        }
        let found_ns = latencies.columns().into_iter().find(|(name, _)| *name == column)?.1;
        let max_ns = u64::try_from(max.as_nanos()).unwrap_or(u64::MAX);
        let (found, wanted) = (units::time(found_ns), units::time(max_ns));
        let over = units::time(found_ns.saturating_sub(max_ns));
        (found_ns > max_ns)
            .then(|| format!("{self}: {found} where at most {wanted} is allowed, {over} too slow"))
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a run are far under 2^52")]
fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::sample;

    fn failures(checks: &str) -> Vec<String> {
        checks.parse::<Checks>().unwrap().failures(&sample())
    }

    #[test]
    fn what_is_reached_says_nothing() {
        assert_eq!(failures("p50=1ms,p99=100ms,p99.9=1s,max=2s,errors=5,errors=1%,rate=900"), [""; 0]);
        assert_eq!(failures("query:p99=100ms, query:errors=5"), [""; 0]);
    }

    #[test]
    fn what_is_not_reached_is_told_with_its_distance() {
        assert_eq!(failures("p99=1ms"), ["p99: 3.00 ms where at most 1.00 ms is allowed, 2.00 ms too slow"]);
        assert_eq!(failures("errors=2"), ["errors: 5 where at most 2 are allowed, 3 too many"]);
        assert_eq!(
            failures("query:rate=2000")[0],
            "query:rate: 1\u{202f}000 a second where at least 2\u{202f}000 are wanted, 50.0 % too few"
        );
        assert!(failures("errors=0.01%")[0].starts_with("errors: 0.0"));
        assert_eq!(failures("night:p50=1s"), ["night:p50: the run had no operation of that name"]);
    }

    #[test]
    fn what_is_no_check_is_told() {
        for (text, told) in [
            ("p99", "is no check"),
            ("", "is no check"),
            ("p98=1ms", "known are p50, p90, p99, p99.9, max"),
            ("p99=soon", "is no time"),
            ("errors=-1", "neither a count nor a share"),
            ("rate=many", "no positive number"),
            ("rate=NaN", "no positive number"),
        ] {
            let error = text.parse::<Checks>().unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
