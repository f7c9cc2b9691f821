//! Owns how figures are written for people. Never changes what they say.
//! Invariant: what cannot be given is a dash.

/// For what cannot be given.
pub const NONE: &str = "–";

/// A whole number with its thousands apart.
pub fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut output = String::from(if number < 0 { "−" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            output.push(',');
        }
        output.push(digit);
    }
    output
}

/// A part of 1 in percent.
pub fn percent(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| NONE.into(), |ratio| format!("{:.1} %", ratio * 100.0))
}

/// A length of time in its unit, to a tenth.
pub fn length(length: Option<f64>, unit: &str) -> String {
    length.map_or_else(|| NONE.into(), |length| format!("{length:.1} {unit}").trim_end().to_owned())
}

/// Fen as yuan.
pub fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "−" } else { "" };
    let cents = fen.unsigned_abs() % 100;
    let whole = i64::try_from(fen.unsigned_abs() / 100).unwrap_or(i64::MAX);
    format!("{sign}¥{}.{cents:02}", count(whole))
}

/// Fen as yuan where there is little room.
pub fn short_yuan(fen: i64) -> String {
    format!("¥{}", count(fen / 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_for_people() {
        for (number, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "−1,234,567")] {
            assert_eq!(count(number), expected);
        }
        assert_eq!((yuan(0), yuan(1_234_567)), ("¥0.00".into(), "¥12,345.67".into()));
        assert_eq!((percent(None), percent(Some(0.0667))), ("–".into(), "6.7 %".into()));
        assert_eq!((length(None, "min"), length(Some(12.0), "min")), ("–".into(), "12.0 min".into()));
        assert_eq!((length(Some(3.25), ""), short_yuan(1_234_599)), ("3.2".into(), "¥12,345".into()));
    }
}
