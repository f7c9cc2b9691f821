//! Owns numbers as people read and write them: times with a unit, counts with their thousands apart.
//!
//! It never knows what they count. Invariant: what is read back is what was written, but for rounding.

use std::time::Duration;

/// A time in ns, µs, ms or s, with three digits that mean something.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub fn time(ns: u64) -> String {
    let (number, unit) = match ns {
        0 => return "0".into(),
        1..1_000 => return format!("{ns} ns"),
        1_000..1_000_000 => (ns as f64 / 1e3, "µs"),
        1_000_000..1_000_000_000 => (ns as f64 / 1e6, "ms"),
        _ => (ns as f64 / 1e9, "s"),
    };
    let decimals = if number < 10.0 { 2 } else { usize::from(number < 100.0) };
    format!("{number:.decimals$} {unit}")
}

/// A count with a thin space between thousands.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut written = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            written.push('\u{202f}');
        }
        written.push(digit);
    }
    written
}

/// A rate, whole where it is large.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is positive and not large"
)]
pub fn rate(number: f64) -> String {
    if number < 100.0 { format!("{number:.1}") } else { count(number.round() as u64) }
}

/// A text that is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no time: write a number with ns, us, ms, s or m, as in 100ms")]
pub struct TimeError(String);

/// Reads a time: a number and its unit; without one, seconds.
pub fn parse_time(text: &str) -> Result<Duration, TimeError> {
    let wrong = || TimeError(text.to_owned());
    let split = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let seconds = match unit.trim() {
        "ns" => 1e-9,
        "us" | "µs" | "μs" => 1e-6,
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_with_three_digits() {
        for (ns, text) in [
            (0, "0"),
            (999, "999 ns"),
            (1_500, "1.50 µs"),
            (42_000, "42.0 µs"),
            (420_000, "420 µs"),
            (12_345_678, "12.3 ms"),
            (2_000_000_000, "2.00 s"),
        ] {
            assert_eq!(time(ns), text);
        }
    }

    #[test]
    fn times_are_read() {
        for (text, ns) in [
            ("100ms", 100_000_000),
            ("1.5 s", 1_500_000_000),
            ("250us", 250_000),
            ("2", 2_000_000_000),
            ("1m", 60_000_000_000),
        ] {
            assert_eq!(parse_time(text).unwrap().as_nanos(), ns, "{text}");
        }
        for text in ["", "ms", "1h", "-1s", "1e3"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn counts_have_their_thousands_apart() {
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(
            (count(0), count(999), rate(12.34), rate(1234.5)),
            ("0".into(), "999".into(), "12.3".into(), "1\u{202f}235".into())
        );
    }
}
