//! Owns what a run is reported as: rates, errors, percentiles, each second.
//!
//! It never knows how it is shown. Invariant: it is made once, from one run, and holds all that any way of
//! showing it needs.

use crate::driver::{Outcome, RunError};
use crate::measure::{ErrorCounts, Message, Second, per_second};
use crate::plan::{Mode, Plan};
use hdrhistogram::Histogram;
use serde::Serialize;

/// Where a tool lags so much, its figures say more about it than about the server.
const LAG_NOTED_NS: u64 = 1_000_000;
const BUSY_NOTED_SHARE: f64 = 0.9;

/// How a run was made, in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Setting {
    pub address: String,
    pub connections: usize,
    pub pipeline: usize,
    /// `closed` or `open`.
    pub mode: &'static str,
    /// Requests a second that an open loop was to send.
    pub offered_rate: Option<u64>,
    pub fresh: bool,
    pub duration_s: f64,
    pub warmup_s: f64,
    pub timeout_s: f64,
    pub mix: String,
    pub population: String,
    pub seed: u64,
    /// When it began, in local time.
    pub started_at: String,
}

/// Latencies in nanoseconds; all 0 where there was no success.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Latencies {
    pub count: u64,
    pub min_ns: u64,
    pub mean_ns: f64,
    pub p50_ns: u64,
    pub p90_ns: u64,
    pub p99_ns: u64,
    pub p999_ns: u64,
    pub max_ns: u64,
}

/// One point of the latency distribution: this share of the successes took no longer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    pub percentile: f64,
    pub latency_ns: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OperationReport {
    pub name: String,
    /// Successes a second, by when their replies came.
    pub rate: f64,
    pub errors: ErrorCounts,
    pub latencies: Latencies,
}

/// How the tool itself fared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToolReport {
    /// The part of the time in which it did not just wait, from 0 to 1.
    pub busy_share: f64,
    /// From when a request could be sent to when it was.
    pub lag_p99_ns: u64,
    pub lag_max_ns: u64,
    /// Kept connections that had to be made anew.
    pub reconnects: u64,
    /// What a reader of the figures should know.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub setting: Setting,
    /// Successes a second, by when their replies came.
    pub rate: f64,
    /// Of the requests that were due in the measured time.
    pub successes: u64,
    pub errors: ErrorCounts,
    pub errors_total: u64,
    /// The first few distinct messages of errors.
    pub messages: Vec<Message>,
    pub latencies: Latencies,
    pub operations: Vec<OperationReport>,
    pub distribution: Vec<Point>,
    pub series: Vec<Second>,
    pub tool: ToolReport,
}

impl Latencies {
    pub(crate) fn of(histogram: &Histogram<u64>) -> Latencies {
        if histogram.is_empty() {
            return Latencies::default();
        }
        let at = |quantile| histogram.value_at_quantile(quantile).min(histogram.max());
        Latencies {
            count: histogram.len(),
            min_ns: histogram.min(),
            mean_ns: histogram.mean(),
            p50_ns: at(0.5),
            p90_ns: at(0.9),
            p99_ns: at(0.99),
            p999_ns: at(0.999),
            max_ns: histogram.max(),
        }
    }

    /// The columns as they are shown: a dash where nothing succeeded.
    pub(crate) fn cells(&self) -> [String; 5] {
        self.columns().map(|(_, ns)| if self.count == 0 { "–".into() } else { crate::units::time(ns) })
    }

    /// The columns of every table.
    pub fn columns(&self) -> [(&'static str, u64); 5] {
        [
            ("p50", self.p50_ns),
            ("p90", self.p90_ns),
            ("p99", self.p99_ns),
            ("p99.9", self.p999_ns),
            ("max", self.max_ns),
        ]
    }
}

/// Percentiles ever closer to 100, five on each halving of the distance, as far as the count bears them out.
pub(crate) fn distribution(histogram: &Histogram<u64>) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    if histogram.is_empty() {
        return points;
    }
    for value in histogram.iter_quantiles(5) {
        let latency_ns = value.value_iterated_to().min(histogram.max());
        points.push(Point { percentile: value.quantile_iterated_to() * 100.0, latency_ns });
    }
    points
}

impl Report {
    pub(crate) fn new(plan: &Plan, started_at: String, outcome: Outcome) -> Result<Report, RunError> {
        let recorder = outcome.recorder;
        let overall = recorder.overall()?;
        let operation = |(name, record): (String, &crate::measure::OperationRecord)| OperationReport {
            name,
            rate: per_second(record.arrived, outcome.duration_ns),
            errors: record.errors,
            latencies: Latencies::of(&record.latencies),
        };
        let operations = outcome.operations.into_iter().zip(&recorder.operations).map(operation).collect();
        let errors = recorder.errors();
        let mut tool = ToolReport {
            busy_share: outcome.busy_share,
            lag_p99_ns: recorder.lag.value_at_quantile(0.99).min(recorder.lag.max()),
            lag_max_ns: recorder.lag.max(),
            reconnects: outcome.reconnects,
            notes: Vec::new(),
        };
        tool.notes = notes(&tool);
        Ok(Report {
            setting: Setting::of(plan, started_at),
            rate: per_second(
                recorder.operations.iter().map(|record| record.arrived).sum(),
                outcome.duration_ns,
            ),
            successes: overall.len(),
            errors,
            errors_total: errors.total(),
            messages: recorder.messages,
            latencies: Latencies::of(&overall),
            operations,
            distribution: distribution(&overall),
            series: recorder.series,
            tool,
        })
    }
}

impl Setting {
    fn of(plan: &Plan, started_at: String) -> Setting {
        let (mode, offered_rate) = match plan.mode {
            Mode::Closed => ("closed", None),
            Mode::Open { rate } => ("open", Some(rate)),
        };
        Setting {
            address: plan.address.to_string(),
            connections: plan.connections,
            pipeline: plan.pipeline,
            mode,
            offered_rate,
            fresh: plan.fresh,
            duration_s: plan.duration.as_secs_f64(),
            warmup_s: plan.warmup.as_secs_f64(),
            timeout_s: plan.timeout.as_secs_f64(),
            mix: plan.mix.label().to_owned(),
            population: plan.population.to_string(),
            seed: plan.seed,
            started_at,
        }
    }
}

fn notes(tool: &ToolReport) -> Vec<String> {
    let mut notes = Vec::new();
    if tool.lag_p99_ns > LAG_NOTED_NS {
        notes.push(format!(
            "the tool itself lagged: one request in a hundred left {} or more after it could have; \
             give it a processor of its own, or a lower rate",
            crate::units::time(tool.lag_p99_ns)
        ));
    }
    if tool.busy_share > BUSY_NOTED_SHARE {
        notes.push(format!(
            "the tool was busy {:.0} % of the time: it, not the server, may be what limits these figures",
            tool.busy_share * 100.0
        ));
    }
    notes
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A report of a run that never was, for tests of what shows reports.
    pub(crate) fn sample() -> Report {
        let latencies = Latencies {
            count: 10_000,
            min_ns: 90_000,
            mean_ns: 400_000.0,
            p50_ns: 300_000,
            p90_ns: 900_000,
            p99_ns: 3_000_000,
            p999_ns: 8_000_000,
            max_ns: 20_000_000,
        };
        let errors = ErrorCounts { refused: 5, ..ErrorCounts::default() };
        let second = |second| Second {
            second,
            rate: 1000.0,
            successes: 1000,
            errors: 0,
            p50_ns: 300_000,
            p99_ns: 3_000_000,
            max_ns: 20_000_000,
        };
        let point = |(percentile, latency_ns)| Point { percentile, latency_ns };
        Report {
            setting: Setting::of(&Plan::default(), "2026-01-02 03:04:05 +08:00".into()),
            rate: 1000.0,
            successes: 10_000,
            errors,
            errors_total: 5,
            messages: vec![Message { kind: crate::ErrorKind::Refused, text: "busy".into(), count: 5 }],
            latencies,
            operations: vec![OperationReport { name: "query".into(), rate: 1000.0, errors, latencies }],
            distribution: [(0.0, 90_000), (50.0, 300_000), (99.0, 3_000_000), (100.0, 20_000_000)]
                .map(point)
                .to_vec(),
            series: (0..10).map(second).collect(),
            tool: ToolReport {
                busy_share: 0.2,
                lag_p99_ns: 1000,
                lag_max_ns: 9000,
                reconnects: 0,
                notes: vec![],
            },
        }
    }

    fn histogram(values: impl IntoIterator<Item = u64>) -> Histogram<u64> {
        let mut histogram = Histogram::new_with_bounds(1, 1_000_000_000, 3).unwrap();
        values.into_iter().for_each(|value| histogram.record(value).unwrap());
        histogram
    }

    #[test]
    fn percentiles_of_a_known_distribution() {
        let latencies = Latencies::of(&histogram((1..=1000).map(|number| number * 1000)));
        let close = |got: u64, wanted: u64| got.abs_diff(wanted) <= wanted / 500;
        for (got, wanted) in [
            (latencies.p50_ns, 500_000),
            (latencies.p90_ns, 900_000),
            (latencies.p99_ns, 990_000),
            (latencies.p999_ns, 999_000),
            (latencies.max_ns, 1_000_000),
        ] {
            assert!(close(got, wanted), "{got} for {wanted}");
        }
        assert_eq!(latencies.count, 1000);
        assert_eq!(Latencies::of(&histogram([])), Latencies::default());
    }

    #[test]
    fn no_percentile_is_over_the_maximum_and_none_falls() {
        let values = histogram((0..5000).map(|number| 1 + number * number));
        let points = distribution(&values);
        assert!(points.len() > 20);
        assert!(points.windows(2).all(|pair| pair[0].latency_ns <= pair[1].latency_ns));
        assert_eq!(points.last().unwrap().latency_ns, values.max());
        assert!((points.last().unwrap().percentile - 100.0).abs() < 1e-9);
        assert!(distribution(&histogram([])).is_empty());
    }

    #[test]
    fn a_reader_is_told_when_the_tool_was_the_limit() {
        let fine =
            ToolReport { busy_share: 0.5, lag_p99_ns: 1000, lag_max_ns: 0, reconnects: 0, notes: vec![] };
        assert!(notes(&fine).is_empty());
        let lagging = ToolReport { busy_share: 0.99, lag_p99_ns: 5_000_000, ..fine };
        let notes = notes(&lagging);
        assert!(notes[0].contains("lagged") && notes[0].contains("5.00 ms"), "{notes:?}");
        assert!(notes[1].contains("99 %"), "{notes:?}");
    }
}
