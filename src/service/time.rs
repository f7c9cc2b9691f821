//! Moments and days as the database writes them.
//!
//! It never reads the clock. Invariant: an appointment's time is a real minute of the calendar, written in
//! one way only, so that equal times are equal texts.

use chrono::{
    DateTime, Datelike, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc, Weekday,
};
use std::fmt::{self, Write};

/// A minute, in milliseconds.
pub const MINUTE_MS: i64 = 60_000;

/// The moment of a turn, in the forms in which it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Now {
    /// Local ISO 8601 with microseconds, as replies have it.
    pub local: String,
    /// `YYYY-MM-DD HH:MM:SS` in UTC, as rows have it.
    pub utc: String,
    /// Milliseconds since the beginning of 1970 in UTC, of which the audit trail's times are made.
    pub unix_ms: i64,
}

impl Now {
    pub fn at(moment: DateTime<Local>) -> Now {
        Now {
            local: moment.format("%Y-%m-%dT%H:%M:%S%.6f").to_string(),
            utc: moment.with_timezone(&Utc).format("%Y-%m-%d %H:%M:%S").to_string(),
            unix_ms: moment.timestamp_millis(),
        }
    }

    /// RFC 3339 in UTC with milliseconds.
    pub fn rfc3339(&self) -> String {
        let mut text = String::new();
        write_rfc3339(self.unix_ms, &mut text);
        text
    }

    /// The local time, `YYYY-MM-DD HH:MM:SS`, as times in the hospital are written.
    pub fn time_text(&self) -> String {
        let mut text: String = self.local.chars().take(TEXT_BYTES).collect();
        if text.len() == TEXT_BYTES {
            text.replace_range(DATE_BYTES..=DATE_BYTES, " ");
        }
        text
    }

    /// The moment of a local time, in milliseconds since 1970, as if no clock were changed between now and then.
    pub fn unix_ms_of(&self, time: &AppointmentTime) -> Option<i64> {
        let now = AppointmentTime::parse(&self.time_text())?;
        // A local time has no fractions of a second, whenever it is asked about.
        let whole_ms = self.unix_ms - self.unix_ms.rem_euclid(1000);
        Some(whole_ms + now.seconds_until(time) * 1000)
    }

    /// As `unix_ms_of`, of a time in one of the forms in which old clients write one: a day, or a day and a time.
    pub fn unix_ms_of_text(&self, text: &str) -> Option<i64> {
        let mut whole = text.get(..TEXT_BYTES.min(text.len()))?.replacen('T', " ", 1);
        if whole.len() == DATE_BYTES {
            whole.push_str(" 00:00:00");
        }
        self.unix_ms_of(&AppointmentTime::parse(&whole)?)
    }

    /// The local day so many days later, or earlier, `YYYY-MM-DD`.
    pub fn day_after(&self, days: i64) -> String {
        NaiveDate::parse_from_str(self.day(), "%Y-%m-%d")
            .ok()
            .and_then(|day| day.checked_add_signed(TimeDelta::try_days(days)?))
            .map_or_else(|| self.day().to_owned(), |day| day.to_string())
    }

    /// Whether a day is so near: from so many days before today to so many days after it.
    pub fn is_near(&self, day: &str, days_before: i64, days_after: i64) -> bool {
        (self.day_after(-days_before).as_str()..=self.day_after(days_after).as_str()).contains(&day)
    }

    /// The local day, `YYYY-MM-DD`.
    pub fn day(&self) -> &str {
        self.local.get(..DATE_BYTES).unwrap_or_default()
    }
}

/// Writes a moment as RFC 3339 in UTC with milliseconds, so that texts stand in the order of their moments.
pub fn write_rfc3339(unix_ms: i64, text: &mut String) {
    let moment = DateTime::from_timestamp_millis(unix_ms).unwrap_or_default();
    // A `String` takes whatever is written to it.
    let _ = write!(
        text,
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        moment.year(),
        moment.month(),
        moment.day(),
        moment.hour(),
        moment.minute(),
        moment.second(),
        moment.timestamp_subsec_millis()
    );
}

/// A time in the hospital's own time, `YYYY-MM-DD HH:MM:SS`, as RFC 3339 with its distance to UTC; none where it is
/// no time. An hour that comes twice is taken as the first one.
pub fn rfc3339_of_local(text: &str) -> Option<String> {
    let time = AppointmentTime::parse(text)?;
    let moment = time.moment.and_local_timezone(Local).earliest()?;
    Some(moment.format("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

/// A text that is meant to be a moment, and is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither a day, as in 2026-01-31, nor a moment, as in 2026-01-31T08:00:00+08:00")]
pub struct NoMoment;

/// The text that entries of the trail of that moment have as their time, so that texts can be compared. A day
/// begins at midnight here.
pub fn parse_since(text: &str) -> Result<String, NoMoment> {
    let midnight = || {
        let day = is_date(text).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()?;
        day.and_time(NaiveTime::MIN)
            .and_local_timezone(Local)
            .earliest()
            .map(|moment| moment.timestamp_millis())
    };
    let moment = || DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.timestamp_millis());
    let unix_ms = midnight().or_else(moment).ok_or(NoMoment)?;
    let mut written = String::new();
    write_rfc3339(unix_ms, &mut written);
    Ok(written)
}

/// When an appointment is, in the hospital's own time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppointmentTime {
    moment: NaiveDateTime,
    /// `YYYY-MM-DD HH:MM:SS`, as rows have it.
    text: [u8; TEXT_BYTES],
}

const TEXT_BYTES: usize = 19;
const DATE_BYTES: usize = 10;

impl AppointmentTime {
    /// Reads `YYYY-MM-DD HH:MM` or `YYYY-MM-DD HH:MM:SS`, digits in full.
    pub fn parse(text: &str) -> Option<AppointmentTime> {
        let mut written = *b"9999-99-99 99:99:00";
        let given = written.get_mut(..text.len()).filter(|given| matches!(given.len(), 16 | 19))?;
        for (place, byte) in given.iter_mut().zip(text.bytes()) {
            let fits = if *place == b'9' || *place == b'0' { byte.is_ascii_digit() } else { byte == *place };
            if !fits {
                return None;
            }
            *place = byte;
        }
        let number = |first: usize, count: usize| {
            let digits = written.get(first..first + count)?;
            Some(digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
        };
        let year = i32::try_from(number(0, 4)?).ok().filter(|year| *year > 0)?;
        let date = NaiveDate::from_ymd_opt(year, number(5, 2)?, number(8, 2)?)?;
        let time = NaiveTime::from_hms_opt(number(11, 2)?, number(14, 2)?, number(17, 2)?)?;
        Some(AppointmentTime { moment: date.and_time(time), text: written })
    }

    /// `YYYY-MM-DD HH:MM:SS`.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text).unwrap_or_default()
    }

    /// Its day, `YYYY-MM-DD`.
    pub fn date(&self) -> &str {
        self.as_str().get(..DATE_BYTES).unwrap_or_default()
    }

    /// The same time so many minutes later, or earlier.
    pub fn plus_minutes(&self, minutes: i64) -> Option<AppointmentTime> {
        let moment = self.moment.checked_add_signed(TimeDelta::try_minutes(minutes)?)?;
        AppointmentTime::parse(&moment.format("%Y-%m-%d %H:%M:%S").to_string())
    }

    /// Whole minutes from this time to another one.
    pub fn minutes_until(&self, later: &AppointmentTime) -> i64 {
        (later.moment - self.moment).num_minutes()
    }

    /// Whole seconds from this time to another one.
    pub fn seconds_until(&self, later: &AppointmentTime) -> i64 {
        (later.moment - self.moment).num_seconds()
    }

    pub fn weekday(&self) -> Weekday {
        self.moment.weekday()
    }

    pub fn time_of_day(&self) -> NaiveTime {
        self.moment.time()
    }
}

impl fmt::Display for AppointmentTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Whether `text` is a real day, `YYYY-MM-DD`.
pub fn is_date(text: &str) -> bool {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok_and(|day| day.to_string() == text)
}

/// Whether `text` is a real day that a time of day can be put behind: of the years 0001 to 9999.
pub fn is_day(text: &str) -> bool {
    text.len() == DATE_BYTES && AppointmentTime::parse(&format!("{text} 00:00")).is_some()
}

/// Whether `text` is a real moment in one of the forms that clients write: a day, or a day and a time after
/// a blank or a `T`, with or without seconds and fractions.
pub fn is_moment(text: &str) -> bool {
    let spaced = text.replacen('T', " ", 1);
    is_date(text)
        || NaiveDateTime::parse_from_str(&spaced, "%Y-%m-%d %H:%M:%S%.f").is_ok()
        || NaiveDateTime::parse_from_str(&spaced, "%Y-%m-%d %H:%M").is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;
    use proptest::prelude::*;

    #[test]
    fn moments_are_compared_in_utc() {
        for (text, expected) in [
            ("2026-01-31T08:00:00+08:00", Some("2026-01-31T00:00:00.000Z")),
            ("2026-01-31T08:00:00.5Z", Some("2026-01-31T08:00:00.500Z")),
            ("2026-02-30", None),
            ("2026-01-31T08:00:00", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(parse_since(text).ok().as_deref(), expected, "{text}");
        }
        let midnight = NaiveDate::from_ymd_opt(2026, 1, 31).unwrap().and_time(NaiveTime::MIN);
        let mut expected = String::new();
        let unix_ms = midnight.and_local_timezone(Local).earliest().unwrap().timestamp_millis();
        write_rfc3339(unix_ms, &mut expected);
        assert_eq!(parse_since("2026-01-31").unwrap(), expected);
    }

    #[test]
    fn appointment_times() {
        for (text, expected) in [
            ("2024-03-01 10:00:00", Some("2024-03-01 10:00:00")),
            ("2024-03-01 10:00", Some("2024-03-01 10:00:00")),
            ("2024-02-29 23:59:59", Some("2024-02-29 23:59:59")),
            ("2023-02-29 10:00:00", None),
            ("2024-03-01 24:00:00", None),
            ("2024-03-01 10:60", None),
            ("2024-03-01 10:00:60", None),
            ("0000-03-01 10:00:00", None),
            ("2024-3-1 10:00", None),
            ("2024-03-01T10:00:00", None),
            ("2024-03-01", None),
            (" 2024-03-01 10:00", None),
            ("+024-03-01 10:00", None),
            ("２024-03-01 10:0", None),
            ("tomorrow", None),
            ("", None),
        ] {
            let got = AppointmentTime::parse(text).map(|time| time.to_string());
            assert_eq!(got.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_local_time_is_one_moment_whenever_it_is_asked_about() {
        let moment = |milliseconds: i64| {
            let now = Local.timestamp_millis_opt(1_767_294_245_000 + milliseconds).unwrap();
            Now::at(now).unix_ms_of_text("2026-01-01 10:00:00").unwrap()
        };
        assert_eq!((moment(0) % 1000, moment(739), moment(999)), (0, moment(0), moment(0)));
    }

    #[test]
    fn moments_of_the_trail() {
        for (unix_ms, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_767_294_245_006, "2026-01-01T19:04:05.006Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] {
            let mut text = String::new();
            write_rfc3339(unix_ms, &mut text);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn days() {
        for (text, expected) in [
            ("2024-02-29", true),
            ("2023-02-29", false),
            ("2024-3-1", false),
            ("+10000-01-01", true),
            ("soon", false),
        ] {
            assert_eq!(is_date(text), expected, "{text}");
        }
        assert!(is_day("0001-01-01") && is_day("9999-12-31"));
        for text in ["+10000-01-01", "0000-12-31", "-001-01-01", "2023-02-29", "2024-02-29 ", "soon"] {
            assert!(!is_day(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_parser_panic(text in ".{0,24}") {
            let _ = (AppointmentTime::parse(&text), is_date(&text), is_moment(&text));
        }

        #[test]
        fn what_was_parsed_parses_again_to_the_same(
            text in "20[0-9]{2}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-6][0-9](:[0-6][0-9])?",
        ) {
            if let Some(time) = AppointmentTime::parse(&text) {
                prop_assert_eq!(AppointmentTime::parse(&time.to_string()), Some(time));
                prop_assert!(time.to_string().starts_with(&text));
            }
        }
    }
}
