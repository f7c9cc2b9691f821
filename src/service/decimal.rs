//! Exact decimal numbers: doses, quantities, and what is compared with them.
//!
//! It never knows a unit, and never counts in binary fractions. Invariant: a number is a whole count of
//! thousandths, and is written in one way only.

use std::fmt;

const THOUSANDTHS: i64 = 1000;
const FRACTION_DIGITS: usize = 3;
/// More than anybody swallows or a box holds, and few enough to multiply with.
const WHOLE_DIGITS_MAX: usize = 12;

/// A number that is not negative, with at most three digits behind the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal {
    thousandths: i64,
}

impl Decimal {
    pub const fn whole(number: u32) -> Decimal {
        Decimal { thousandths: number as i64 * THOUSANDTHS }
    }

    /// Reads digits, and at most three more behind a point. Nothing else is a number here.
    pub fn parse(text: &str) -> Option<Decimal> {
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return None,
            Some((whole, fraction)) => (whole, fraction),
            None => (text, ""),
        };
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        if whole.len() > WHOLE_DIGITS_MAX || fraction.len() > FRACTION_DIGITS {
            return None;
        }
        let whole: i64 = whole.parse().ok()?;
        let fraction: i64 = format!("{fraction:0<FRACTION_DIGITS$}").parse().ok()?;
        Some(Decimal { thousandths: whole * THOUSANDTHS + fraction })
    }

    pub fn is_zero(self) -> bool {
        self.thousandths == 0
    }

    /// So many times as much; none where that cannot be counted.
    pub fn times(self, number: i64) -> Option<Decimal> {
        let thousandths = self.thousandths.checked_mul(number).filter(|product| *product >= 0)?;
        Some(Decimal { thousandths })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.thousandths / THOUSANDTHS, self.thousandths % THOUSANDTHS);
        if fraction == 0 {
            return write!(formatter, "{whole}");
        }
        let digits = format!("{fraction:0>FRACTION_DIGITS$}");
        write!(formatter, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_written_in_one_way() {
        for (text, expected) in [
            ("0", Some("0")),
            ("0.5", Some("0.5")),
            ("0.50", Some("0.5")),
            ("0.5000000", Some("0.5")),
            ("007", Some("7")),
            ("12.345", Some("12.345")),
            ("12.050", Some("12.05")),
            ("999999999999.999", Some("999999999999.999")),
            ("1000000000000", None),
            ("0.0001", None),
            ("0.1.2", None),
            (".5", None),
            ("5.", None),
            ("-1", None),
            ("+1", None),
            ("1e3", None),
            ("1,5", None),
            (" 1", None),
            ("１", None),
            ("", None),
        ] {
            assert_eq!(Decimal::parse(text).map(|found| found.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_tenth_is_a_tenth() {
        let dose = Decimal::parse("0.1").unwrap();
        assert_eq!(dose.times(3), Decimal::parse("0.3"));
        assert_eq!(Decimal::parse("999999999999.999").unwrap().times(i64::MAX), None);
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_as_the_same(thousandths in 0..1_000_000_000_000_000_i64) {
            let number = Decimal { thousandths };
            prop_assert_eq!(Decimal::parse(&number.to_string()), Some(number));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,24}|[0-9.]{0,24}") {
            if let Some(number) = Decimal::parse(&text) {
                prop_assert_eq!(Decimal::parse(&number.to_string()), Some(number));
            }
        }

        #[test]
        fn products_are_those_of_whole_numbers(dose in 0..1_000_000_i64, number in 0..10_000_i64) {
            let product = Decimal { thousandths: dose }.times(number);
            prop_assert_eq!(product, Some(Decimal { thousandths: dose * number }));
        }
    }
}
