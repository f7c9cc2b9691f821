//! How far the work of a report has come.
//!
//! It never reads a row. Invariant: whatever place a client sends, it is one of this report's, or none.

use super::{Name, Request};
use crate::store::Error;
use chrono::{Datelike, NaiveDate};
use std::ops::RangeInclusive;

const YEAR_MAX: i32 = 9999;

/// What is read of a day, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Appointments,
    Sessions,
    Beds,
    Discharges,
}

impl Step {
    const ALL: [Step; 4] = [Step::Appointments, Step::Sessions, Step::Beds, Step::Discharges];

    fn letter(self) -> &'static str {
        match self {
            Step::Appointments => "a",
            Step::Sessions => "s",
            Step::Beds => "b",
            Step::Discharges => "d",
        }
    }

    /// From the first step of a report to the last. Beds are no doctor's own.
    fn all_of(request: &Request<'_>) -> RangeInclusive<Step> {
        match (request.name, request.doctor_id) {
            (Name::Beds, _) => Step::Beds..=Step::Discharges,
            (Name::Overview, None) => Step::Appointments..=Step::Discharges,
            _ => Step::Appointments..=Step::Sessions,
        }
    }

    fn is_of(self, request: &Request<'_>) -> bool {
        Step::all_of(request).contains(&self)
    }
}

/// A day, what is read of it, and behind which id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    day: NaiveDate,
    pub(super) step: Step,
    pub(super) after: i64,
}

fn parse_day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

impl Place {
    pub(super) fn first(request: &Request<'_>) -> Result<Place, Error> {
        let day = parse_day(request.from)
            .ok_or_else(|| Error::Other("a report is asked for a day that is none".into()))?;
        Ok(Place { day, step: *Step::all_of(request).start(), after: 0 })
    }

    /// The next step of the day, or the first one of the next day. Years have four digits, and no day comes after
    /// the last one of these.
    pub(super) fn next(self, request: &Request<'_>) -> Result<Option<Place>, Error> {
        if let Some(step) = Step::ALL.into_iter().find(|step| *step > self.step && step.is_of(request)) {
            return Ok(Some(Place { day: self.day, step, after: 0 }));
        }
        let first = Place::first(request)?;
        let day = self.day.succ_opt().filter(|day| day.year() <= YEAR_MAX);
        Ok(day.map(|day| Place { day, ..first }))
    }

    pub(super) fn day(&self) -> String {
        self.day.to_string()
    }

    pub(super) fn is_before(&self, request: &Request<'_>) -> bool {
        self.day().as_str() < request.from || !self.step.is_of(request)
    }

    pub(super) fn is_within(&self, request: &Request<'_>) -> bool {
        self.day().as_str() <= request.to
    }

    /// As a client keeps it.
    pub fn text(&self) -> String {
        format!("{}{}{}", self.day, self.step.letter(), self.after)
    }

    pub fn parse(text: &str) -> Option<Place> {
        let (day, rest) = text.split_at_checked(10)?;
        let step = Step::ALL.into_iter().find(|step| rest.starts_with(step.letter()))?;
        let after = rest.strip_prefix(step.letter())?.parse().ok().filter(|after| *after >= 0)?;
        let place = Place { day: parse_day(day)?, step, after };
        (place.text() == text).then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: Request<'_> = Request {
        name: Name::Overview,
        from: "2026-01-31",
        to: "2026-02-01",
        doctor_id: None,
        has_causes: false,
    };

    fn steps(request: &Request<'_>) -> String {
        let mut next = Some(Place::first(request).unwrap());
        let mut steps = String::new();
        while let Some(place) = next.filter(|place| place.is_within(request)) {
            steps += place.step.letter();
            assert_eq!(Place::parse(&place.text()), Some(place));
            next = place.next(request).unwrap();
        }
        steps
    }

    #[test]
    fn a_report_has_its_steps_each_day() {
        assert_eq!(steps(&REQUEST), "asbdasbd");
        assert_eq!(steps(&Request { name: Name::Beds, ..REQUEST }), "bdbd");
        assert_eq!(steps(&Request { name: Name::Beds, doctor_id: Some(4), ..REQUEST }), "bdbd");
        assert_eq!(steps(&Request { name: Name::Doctor, ..REQUEST }), "asas");
        assert_eq!(steps(&Request { doctor_id: Some(4), ..REQUEST }), "asas");
        assert_eq!(steps(&Request { from: "9999-12-31", to: "9999-12-31", ..REQUEST }), "asbd");
    }

    #[test]
    fn a_place_has_one_form() {
        assert!(Place::parse("2026-01-31a7").is_some());
        for text in
            ["", "2026-01-31", "2026-01-31x7", "2026-01-31a", "2026-01-31a-1", "2026-02-30a1", "２０２６"]
        {
            assert_eq!(Place::parse(text), None, "{text}");
        }
        assert_eq!(Place::parse("2026-01-31a07"), None);
    }
}
