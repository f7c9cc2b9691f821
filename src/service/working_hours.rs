//! A doctor's working hours.
//!
//! It never knows appointments. A schedule is the text that the old schema keeps: a JSON object of English
//! weekday, lower case, to `H:MM-H:MM`. Invariant: a text that is not such an object is never taken for
//! "always" or for "never"; the caller hears that it cannot be read.

use super::time::AppointmentTime;
use chrono::{NaiveTime, Weekday};
use std::collections::HashMap;

/// The text is no schedule.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable;

/// Whether a text is a schedule.
pub fn check(schedule: &str) -> Result<(), Unreadable> {
    let days: HashMap<String, String> = serde_json::from_str(schedule).map_err(|_| Unreadable)?;
    for (day, hours) in &days {
        period(hours).ok_or(Unreadable)?;
        day.parse::<Weekday>().map_err(|_| Unreadable)?;
    }
    Ok(())
}

/// Whether `time` falls into the hours of `schedule`: from a period's start up to, but not at, its end.
pub fn covers(schedule: &str, time: &AppointmentTime) -> Result<bool, Unreadable> {
    let days: HashMap<String, String> = serde_json::from_str(schedule).map_err(|_| Unreadable)?;
    let mut covered = false;
    for (day, hours) in &days {
        let (start, end) = period(hours).ok_or(Unreadable)?;
        if day.parse::<Weekday>().map_err(|_| Unreadable)? == time.weekday() {
            covered |= (start..end).contains(&time.time_of_day());
        }
    }
    Ok(covered)
}

/// The hours of a weekday, `HH:MM:SS` each, if there are any.
pub fn of_weekday(schedule: &str, weekday: Weekday) -> Result<Option<(String, String)>, Unreadable> {
    let days: HashMap<String, String> = serde_json::from_str(schedule).map_err(|_| Unreadable)?;
    let mut found = None;
    for (day, hours) in &days {
        let (start, end) = period(hours).ok_or(Unreadable)?;
        if day.parse::<Weekday>().map_err(|_| Unreadable)? == weekday {
            found = Some((start.to_string(), end.to_string()));
        }
    }
    Ok(found)
}

fn period(hours: &str) -> Option<(NaiveTime, NaiveTime)> {
    let (start, end) = hours.split_once('-')?;
    Some((time_of_day(start)?, time_of_day(end)?)).filter(|(start, end)| start < end)
}

fn time_of_day(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text.trim(), "%H:%M").ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(schedule: &str, time: &str, expected: Result<bool, Unreadable>) {
        let time = AppointmentTime::parse(time).unwrap();
        assert_eq!(super::check(schedule).is_ok(), expected.is_ok(), "{schedule}");
        assert_eq!(covers(schedule, &time), expected, "{schedule} at {time}");
    }

    #[test]
    fn hours_of_a_week() {
        let week = r#"{"monday": "9:00-17:00", "saturday": "09:00-15:30"}"#;
        check(week, "2024-03-04 09:00:00", Ok(true));
        check(week, "2024-03-04 16:59:59", Ok(true));
        check(week, "2024-03-04 17:00:00", Ok(false));
        check(week, "2024-03-04 08:59:59", Ok(false));
        check(week, "2024-03-09 15:29", Ok(true));
        check(week, "2024-03-05 10:00", Ok(false));
        check("{}", "2024-03-04 10:00", Ok(false));
    }

    #[test]
    fn what_is_no_schedule_is_said_to_be_none() {
        for text in ["", "[]", "weekdays", r#"{"monday": 9}"#, r#"{"someday": "9:00-17:00"}"#] {
            check(text, "2024-03-04 10:00", Err(Unreadable));
        }
        check(r#"{"monday": "17:00-9:00"}"#, "2024-03-04 10:00", Err(Unreadable));
        check(r#"{"monday": "9-17"}"#, "2024-03-04 10:00", Err(Unreadable));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}", hours in ".{0,12}") {
            let time = AppointmentTime::parse("2024-03-04 10:00").unwrap();
            let _ = covers(&text, &time);
            let _ = covers(&format!(r#"{{"monday": "{hours}"}}"#), &time);
        }
    }
}
