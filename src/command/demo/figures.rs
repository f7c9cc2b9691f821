//! Owns how long the calls of a demonstration took. Never knows who made them.
//! Invariant: what is told was measured, each call from its sending to its reply.

use std::time::Duration;

/// What is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// With a password, which takes time on purpose.
    Password,
    /// All at one moment, so that most of the time is the wait behind others.
    Rush,
    Ordinary,
    /// From a call to what it pushed to somebody else.
    Push,
}

#[derive(Debug, Default)]
pub struct Figures {
    took: Vec<(Group, Duration)>,
    pub refused: usize,
    pub pushes: usize,
}

impl Figures {
    pub fn add(&mut self, group: Group, took: Duration) {
        self.took.push((group, took));
    }

    pub fn calls(&self) -> usize {
        self.took.iter().filter(|(group, _)| *group != Group::Push).count()
    }

    /// How many, the median, the 99th of a hundred and the longest, in a line; none where there is nothing.
    pub fn line(&self, group: Group, what: &str) -> Option<String> {
        let mut took: Vec<Duration> =
            self.took.iter().filter(|(of, _)| *of == group).map(|(_, took)| *took).collect();
        took.sort_unstable();
        let (median, high, longest) = (at(&took, 50)?, at(&took, 99)?, took.last()?);
        let (median, high, longest) = (shown(median), shown(high), shown(*longest));
        Some(format!("{what:<34}{:>6}{median:>12}{high:>12}{longest:>12}", took.len()))
    }
}

/// The time within which so many of a hundred were done.
fn at(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

fn shown(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let sorted: Vec<Duration> = (1..=10).map(Duration::from_millis).collect();
        for (percent, expected) in [(50, 5), (90, 9), (99, 10), (100, 10)] {
            assert_eq!(at(&sorted, percent), Some(Duration::from_millis(expected)), "{percent}");
        }
        assert_eq!(at(&[], 50), None);
        let mut figures = Figures::default();
        figures.add(Group::Rush, Duration::from_micros(1234));
        let line = figures.line(Group::Rush, "rush").unwrap();
        assert_eq!(
            line.split_whitespace().collect::<Vec<_>>(),
            ["rush", "1", "1.23", "ms", "1.23", "ms", "1.23", "ms"]
        );
        assert_eq!(figures.line(Group::Ordinary, "calls"), None);
    }
}
