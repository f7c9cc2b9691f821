//! Owns what is counted while a run goes on: latencies, errors and each second's share of them.
//!
//! It never knows a socket or a clock; times are arguments, in nanoseconds from the start of the measured
//! window. Invariants: a request that is due in the window is counted once, as a success with its latency or
//! as one kind of error; rates and seconds count what arrives in the window, whenever it was due, so that an
//! overloaded server's throughput is seen as it is.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::ops::{Index, IndexMut};

/// Longer than any timeout that makes sense for an appointment server; what is longer is counted as this.
const LATENCY_MAX_NS: u64 = 300_000_000_000;
const SECOND_NS: u64 = 1_000_000_000;
/// Distinct messages that are kept for the report.
const MESSAGES_MAX: usize = 8;

/// What became of a request that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The server said that it does not take the request.
    Refused,
    /// A reply came, but does not show success.
    WrongReply,
    /// No connection could be made.
    Connect,
    /// No reply came in time.
    Timeout,
    /// The connection ended before the reply.
    Closed,
    /// It was due, but no connection was free until the tool's queue was full or the run over.
    NotSent,
}

impl ErrorKind {
    pub const ALL: [ErrorKind; 6] = [
        ErrorKind::Refused,
        ErrorKind::WrongReply,
        ErrorKind::Connect,
        ErrorKind::Timeout,
        ErrorKind::Closed,
        ErrorKind::NotSent,
    ];

    pub fn name(self) -> &'static str {
        match self {
            ErrorKind::Refused => "refused",
            ErrorKind::WrongReply => "wrong_reply",
            ErrorKind::Connect => "connect",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Closed => "closed",
            ErrorKind::NotSent => "not_sent",
        }
    }
}

/// How many requests failed, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ErrorCounts {
    pub refused: u64,
    pub wrong_reply: u64,
    pub connect: u64,
    pub timeout: u64,
    pub closed: u64,
    pub not_sent: u64,
}

impl ErrorCounts {
    pub fn total(&self) -> u64 {
        ErrorKind::ALL.iter().map(|kind| self[*kind]).sum()
    }

    pub(crate) fn add(&mut self, other: &ErrorCounts) {
        for kind in ErrorKind::ALL {
            self[kind] += other[kind];
        }
    }
}

impl Index<ErrorKind> for ErrorCounts {
    type Output = u64;

    fn index(&self, kind: ErrorKind) -> &u64 {
        match kind {
            ErrorKind::Refused => &self.refused,
            ErrorKind::WrongReply => &self.wrong_reply,
            ErrorKind::Connect => &self.connect,
            ErrorKind::Timeout => &self.timeout,
            ErrorKind::Closed => &self.closed,
            ErrorKind::NotSent => &self.not_sent,
        }
    }
}

impl IndexMut<ErrorKind> for ErrorCounts {
    fn index_mut(&mut self, kind: ErrorKind) -> &mut u64 {
        match kind {
            ErrorKind::Refused => &mut self.refused,
            ErrorKind::WrongReply => &mut self.wrong_reply,
            ErrorKind::Connect => &mut self.connect,
            ErrorKind::Timeout => &mut self.timeout,
            ErrorKind::Closed => &mut self.closed,
            ErrorKind::NotSent => &mut self.not_sent,
        }
    }
}

/// What an error said, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    pub kind: ErrorKind,
    pub text: String,
    pub count: u64,
}

/// One second of the measured window: what ended in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Second {
    /// From the start of the window to the start of this second.
    pub second: u64,
    /// Successes a second, over the time that this second really had.
    pub rate: f64,
    pub successes: u64,
    pub errors: u64,
    pub p50_ns: u64,
    pub p99_ns: u64,
    pub max_ns: u64,
}

/// What is kept of one operation.
pub(crate) struct OperationRecord {
    pub(crate) latencies: Histogram<u64>,
    pub(crate) errors: ErrorCounts,
    /// Successes whose reply came in the window.
    pub(crate) arrived: u64,
}

/// A histogram could not be made, which takes memory alone.
#[derive(Debug, thiserror::Error)]
#[error("a histogram cannot be made: {0}")]
pub struct RecorderError(#[from] hdrhistogram::CreationError);

pub(crate) struct Recorder {
    duration_ns: u64,
    pub(crate) operations: Vec<OperationRecord>,
    /// Errors of requests for which no operation had been chosen yet.
    pub(crate) unsent: ErrorCounts,
    pub(crate) messages: Vec<Message>,
    pub(crate) series: Vec<Second>,
    /// From when a request could be sent to when the tool sent it.
    pub(crate) lag: Histogram<u64>,
    second: u64,
    second_latencies: Histogram<u64>,
    second_errors: u64,
}

/// What a run has come to so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// From the start of the measured window; 0 during the warm-up.
    pub seconds: u64,
    /// Successes in the last second.
    pub rate: f64,
    /// Over all replies so far.
    pub p99_ns: u64,
    /// All so far.
    pub errors: u64,
}

impl Recorder {
    pub(crate) fn new(operations: usize, duration_ns: u64) -> Result<Recorder, RecorderError> {
        let records = (0..operations)
            .map(|_| {
                Ok(OperationRecord { latencies: histogram(3)?, errors: ErrorCounts::default(), arrived: 0 })
            })
            .collect::<Result<_, RecorderError>>()?;
        Ok(Recorder {
            duration_ns,
            operations: records,
            unsent: ErrorCounts::default(),
            messages: Vec::new(),
            series: Vec::with_capacity(usize::try_from(duration_ns / SECOND_NS + 1).unwrap_or(0)),
            lag: histogram(2)?,
            second: 0,
            second_latencies: histogram(2)?,
            second_errors: 0,
        })
    }

    /// A success of a request that was due in the window.
    pub(crate) fn success(&mut self, operation: usize, latency_ns: u64) {
        if let Some(record) = self.operations.get_mut(operation) {
            record.latencies.saturating_record(latency_ns);
        }
    }

    /// A success whose reply came in the window.
    pub(crate) fn arrived(&mut self, operation: usize, latency_ns: u64, now_ns: u64) {
        self.roll(now_ns);
        if let Some(record) = self.operations.get_mut(operation) {
            record.arrived += 1;
        }
        self.second_latencies.saturating_record(latency_ns);
    }

    /// `operation` is `None` where none had been chosen yet.
    pub(crate) fn error(&mut self, operation: Option<usize>, kind: ErrorKind, text: &str, now_ns: u64) {
        self.roll(now_ns);
        match operation.and_then(|operation| self.operations.get_mut(operation)) {
            Some(record) => record.errors[kind] += 1,
            None => self.unsent[kind] += 1,
        }
        self.second_errors += 1;
        if text.is_empty() {
            return;
        }
        let known = self.messages.iter_mut().find(|message| message.kind == kind && message.text == text);
        if let Some(message) = known {
            message.count += 1;
        } else if self.messages.len() < MESSAGES_MAX {
            self.messages.push(Message { kind, text: text.to_owned(), count: 1 });
        }
    }

    pub(crate) fn lag(&mut self, lag_ns: u64) {
        self.lag.saturating_record(lag_ns);
    }

    /// Closes the seconds before the one that `now_ns` is in. An error after the window is the last second's.
    pub(crate) fn roll(&mut self, now_ns: u64) {
        let last = self.duration_ns.saturating_sub(1) / SECOND_NS;
        let second = (now_ns / SECOND_NS).min(last);
        while self.second < second {
            self.close_second(SECOND_NS);
        }
    }

    /// Closes the last second.
    pub(crate) fn finish(&mut self) {
        self.roll(self.duration_ns);
        let start_ns = self.second * SECOND_NS;
        self.close_second(self.duration_ns.saturating_sub(start_ns).max(1));
    }

    fn close_second(&mut self, length_ns: u64) {
        let latencies = &mut self.second_latencies;
        self.series.push(Second {
            second: self.second,
            rate: per_second(latencies.len(), length_ns),
            successes: latencies.len(),
            errors: self.second_errors,
            p50_ns: latencies.value_at_quantile(0.5),
            p99_ns: latencies.value_at_quantile(0.99),
            max_ns: latencies.max(),
        });
        latencies.reset();
        self.second_errors = 0;
        self.second += 1;
    }

    pub(crate) fn errors(&self) -> ErrorCounts {
        let mut errors = self.unsent;
        for record in &self.operations {
            errors.add(&record.errors);
        }
        errors
    }

    /// The latencies of all operations together.
    pub(crate) fn overall(&self) -> Result<Histogram<u64>, RecorderError> {
        let mut overall = histogram(3)?;
        for record in &self.operations {
            // They have the same bounds, so that adding one to another cannot fail.
            let _ = overall.add(&record.latencies);
        }
        Ok(overall)
    }

    pub(crate) fn progress(&self) -> Progress {
        Progress {
            seconds: self.second,
            rate: self.series.last().map_or(0.0, |second| second.rate),
            p99_ns: self.overall().map_or(0, |overall| overall.value_at_quantile(0.99)),
            errors: self.errors().total(),
        }
    }
}

fn histogram(digits: u8) -> Result<Histogram<u64>, RecorderError> {
    Ok(Histogram::new_with_bounds(1, LATENCY_MAX_NS, digits)?)
}

#[expect(clippy::cast_precision_loss, reason = "counts and times of a run are far under 2^52")]
pub(crate) fn per_second(count: u64, length_ns: u64) -> f64 {
    count as f64 * SECOND_NS as f64 / length_ns.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_second_has_what_ended_in_it() {
        let mut recorder = Recorder::new(1, 2_500_000_000).unwrap();
        recorder.arrived(0, 1_000, 10);
        recorder.arrived(0, 3_000, 999_999_999);
        recorder.arrived(0, 3_000, 2_000_000_000);
        recorder.success(0, 5_000);
        recorder.error(Some(0), ErrorKind::Closed, "gone", 2_600_000_000);
        recorder.finish();
        let counts: Vec<_> =
            recorder.series.iter().map(|one| (one.second, one.successes, one.errors)).collect();
        assert_eq!(counts, [(0, 2, 0), (1, 0, 0), (2, 1, 1)]);
        assert!((recorder.series[2].rate - 2.0).abs() < 1e-9, "half a second is half as long");
        assert_eq!((recorder.overall().unwrap().len(), recorder.operations[0].arrived), (1, 3));
        assert_eq!(recorder.errors(), ErrorCounts { closed: 1, ..ErrorCounts::default() });
    }

    #[test]
    fn messages_are_counted_and_the_first_few_kept() {
        let mut recorder = Recorder::new(1, SECOND_NS).unwrap();
        for number in 0..20 {
            recorder.error(None, ErrorKind::WrongReply, &format!("number {}", number % 10), 0);
        }
        assert_eq!(recorder.messages.len(), MESSAGES_MAX);
        assert!(recorder.messages.iter().all(|message| message.count == 2));
        assert_eq!(recorder.unsent.wrong_reply, 20);
    }
}
