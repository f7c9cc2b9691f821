//! Owns the days of a report as columns of a chart: days, or weeks or months where they are many.
//! Never draws.
//! Invariant: each day is in one bucket, and buckets are in the order of their days.

use super::spoken;
use crate::service::report::{Figures, Tables};
use chrono::{Datelike, NaiveDate};
use std::collections::BTreeMap;

/// More columns are not told apart.
const COLUMNS_MAX: usize = 62;

pub struct Bucket {
    /// day, week or month.
    pub kind: &'static str,
    /// Beside the axis.
    pub label: String,
    /// When it is pointed at.
    pub says: String,
    pub figures: Figures,
}

/// How a day's bucket is called, by its first day.
type Begin = fn(NaiveDate) -> NaiveDate;

fn week(day: NaiveDate) -> NaiveDate {
    day.week(chrono::Weekday::Mon).checked_first_day().unwrap_or(day)
}

fn month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// The bucket of each day in which there are few enough of them.
pub fn kind(days: usize) -> (&'static str, Begin) {
    match days {
        days if days <= COLUMNS_MAX => ("day", |day| day),
        days if days <= COLUMNS_MAX * 7 => ("week", week),
        _ => ("month", month),
    }
}

pub fn label(kind: &str, day: NaiveDate) -> String {
    match kind {
        "month" => day.format("%b %Y").to_string(),
        _ => format!("{} {}", day.day(), day.format("%b")),
    }
}

pub fn of_days(tables: &Tables) -> Vec<Bucket> {
    let (kind, begin) = kind(tables.days.len());
    let mut buckets: BTreeMap<NaiveDate, Figures> = BTreeMap::new();
    for (day, figures) in &tables.days {
        if let Ok(day) = NaiveDate::parse_from_str(day, "%Y-%m-%d") {
            buckets.entry(begin(day)).or_default().add(figures);
        }
    }
    buckets
        .into_iter()
        .map(|(day, figures)| {
            let says = match kind {
                "day" => format!("{}, {}", day.format("%A"), spoken(&day.to_string(), true)),
                "week" => format!("week of {}", spoken(&day.to_string(), true)),
                _ => day.format("%B %Y").to_string(),
            };
            Bucket { kind, label: label(kind, day), says, figures }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_days_are_weeks_and_more_are_months() {
        for (count, kind, buckets) in [(62, "day", 62), (63, "week", 10), (500, "month", 17)] {
            let mut tables = Tables::default();
            let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
            for day in first.iter_days().take(count) {
                tables.days.insert(day.to_string(), Figures { booked: 1, ..Figures::default() });
            }
            let found = of_days(&tables);
            assert_eq!((found[0].kind, found.len()), (kind, buckets), "{count}");
            assert_eq!(found.iter().map(|bucket| bucket.figures.booked).sum::<i64>(), count as i64);
        }
    }
}
