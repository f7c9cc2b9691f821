//! How often a drug is taken.
//!
//! It never knows a dose. Invariant: a frequency is written in one way, and but for `prn` it is a whole number
//! of times a day, or once in so many days.

use std::fmt;

const HOURS_A_DAY: i64 = 24;
/// Four weeks.
const HOURS_MAX: i64 = 28 * HOURS_A_DAY;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    /// `qd`, `bid`, `tid` and `qid`.
    TimesADay(i64),
    /// `qNh`, where N divides the day's hours, or is so many days.
    EveryHours(i64),
    /// When the patient needs it.
    WhenNeeded,
}

/// The words for so many times a day; the first is once.
const WORDS: [(&str, i64); 4] = [("qd", 1), ("bid", 2), ("tid", 3), ("qid", 4)];

impl Frequency {
    pub fn parse(text: &str) -> Option<Frequency> {
        if text == "prn" {
            return Some(Frequency::WhenNeeded);
        }
        if let Some((_, times)) = WORDS.iter().find(|(word, _)| *word == text) {
            return Some(Frequency::TimesADay(*times));
        }
        let hours: i64 = text.strip_prefix('q')?.strip_suffix('h')?.parse().ok()?;
        let frequency = Frequency::EveryHours(hours);
        let fits = (1..=HOURS_MAX).contains(&hours) && (HOURS_A_DAY % hours == 0 || hours % HOURS_A_DAY == 0);
        (fits && frequency.to_string() == text).then_some(frequency)
    }

    /// How many times in so many days, the first at their beginning; none where the patient decides.
    pub fn times(self, days: i64) -> Option<i64> {
        match self {
            Frequency::TimesADay(times) => Some(times * days),
            Frequency::EveryHours(hours) => (days * HOURS_A_DAY + hours - 1).checked_div(hours),
            Frequency::WhenNeeded => None,
        }
    }
}

impl fmt::Display for Frequency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Frequency::TimesADay(times) => {
                let word = WORDS.iter().find(|(_, number)| number == times);
                formatter.write_str(word.map_or("", |(word, _)| word))
            }
            Frequency::EveryHours(hours) => write!(formatter, "q{hours}h"),
            Frequency::WhenNeeded => formatter.write_str("prn"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn how_often_a_day() {
        for (text, times) in [
            ("qd", Some(1)),
            ("bid", Some(2)),
            ("tid", Some(3)),
            ("qid", Some(4)),
            ("q1h", Some(24)),
            ("q6h", Some(4)),
            ("q24h", Some(1)),
            ("prn", None),
        ] {
            assert_eq!(Frequency::parse(text).map(|found| found.times(1)), Some(times), "{text}");
            assert_eq!(Frequency::parse(text).unwrap().times(7), times.map(|times| 7 * times), "{text}");
        }
        for (text, days, times) in
            [("q48h", 1, 1), ("q48h", 7, 4), ("q168h", 7, 1), ("q168h", 8, 2), ("q672h", 28, 1)]
        {
            assert_eq!(Frequency::parse(text).unwrap().times(days), Some(times), "{text} {days}");
        }
        for text in
            ["", "q", "qh", "q0h", "q5h", "q36h", "q696h", "q-6h", "q+6h", "q06h", "q6", "QD", "qd ", "once"]
        {
            assert_eq!(Frequency::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic_and_what_is_read_is_written_alike(
            text in ".{0,8}|q[0-9]{0,20}h|[a-z]{1,3}",
        ) {
            if let Some(frequency) = Frequency::parse(&text) {
                prop_assert_eq!(frequency.to_string(), text);
                prop_assert!(frequency.times(28).is_none_or(|times| (1..=28 * 24).contains(&times)));
            }
        }
    }
}
