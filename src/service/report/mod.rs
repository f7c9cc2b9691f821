//! Reports: what came of a clinic's days, counted from the rows themselves.
//!
//! It never knows who asks, or in which form they read it. Invariants: no name of a patient is read for a report;
//! the parts of a report, however its work is cut, add up to the whole.

mod beds;
mod clinic;
mod distribution;
mod figures;
mod place;

pub use distribution::Distribution;
pub use figures::{BedFigures, Figures, Places};
pub use place::{Place, Step};

use super::time::{AppointmentTime, Now};
use super::words::words;
use crate::store::statements::report;
use crate::store::{Error, Transaction, params};
use std::collections::{BTreeMap, HashMap};

words! {
    /// What a report is about.
    pub enum Name {
        /// A row a day.
        Day = "day",
        /// A row a doctor.
        Doctor = "doctor",
        /// A row a department.
        Department = "department",
        /// A row a ward and day.
        Beds = "beds",
        /// All of them.
        Overview = "overview",
    }
}

impl Name {
    /// Whether a row of this table belongs to the report.
    fn has(self, table: Name) -> bool {
        self == table || self == Name::Overview
    }
}

/// What is asked for. Days are `YYYY-MM-DD`, the last one included.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    pub name: Name,
    pub from: &'a str,
    pub to: &'a str,
    /// Only this doctor's figures, among which are no beds.
    pub doctor_id: Option<i64>,
    /// Whether reasons of cancellations are counted.
    pub has_causes: bool,
}

/// A doctor as reports name them; no name where an old row names nobody who is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doctor {
    pub name: Option<String>,
    pub department: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfDoctor {
    pub doctor: Doctor,
    pub figures: Figures,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfWard {
    pub number: String,
    pub name: String,
    pub figures: BedFigures,
}

/// The tables of a report; those that were not asked for stay empty.
#[derive(Debug, Default)]
pub struct Tables {
    pub days: BTreeMap<String, Figures>,
    pub doctors: BTreeMap<i64, OfDoctor>,
    pub departments: BTreeMap<Option<String>, Figures>,
    /// By day and ward.
    pub beds: BTreeMap<(String, i64), OfWard>,
    /// By who cancelled and why.
    pub causes: BTreeMap<(String, String), i64>,
    /// Doctors that were looked up.
    known: HashMap<i64, Doctor>,
}

/// What a step of a day counts as at least, so that many days without rows are no small work.
const STEP_WORK: i64 = 8;

/// Reads on from a place until as many rows have been read as the work may have, and counts them in the tables.
/// Returns where to read on, or none at the end of the days.
pub fn read(
    transaction: &Transaction<'_>,
    request: &Request<'_>,
    begin: Option<Place>,
    work_max: i64,
    now: &Now,
    tables: &mut Tables,
) -> Result<Option<Place>, Error> {
    let begin = begin.map_or_else(|| Place::first(request), Ok)?;
    let mut place = if begin.is_before(request) { Place::first(request)? } else { begin };
    let mut work = work_max;
    while place.is_within(request) {
        if work <= 0 {
            return Ok(Some(place));
        }
        let part = Part { transaction, request, day: place.day(), after: place.after, limit: work, now };
        let found = match place.step {
            Step::Appointments => clinic::read_appointments(&part, tables)?,
            Step::Sessions => clinic::read_sessions(&part, tables)?,
            Step::Beds => beds::read_beds(&part, tables)?,
            Step::Discharges => beds::read_discharges(&part, tables)?,
        };
        work = work.saturating_sub(found.rows).saturating_sub(STEP_WORK);
        match found.last {
            Some(last) if found.rows >= part.limit => place.after = last,
            _ => match place.next(request)? {
                Some(next) => place = next,
                None => return Ok(None),
            },
        }
    }
    Ok(None)
}

/// A step's work: rows of a day after an id, so many at the most.
struct Part<'a, 'b> {
    transaction: &'a Transaction<'b>,
    request: &'a Request<'a>,
    day: String,
    after: i64,
    limit: i64,
    now: &'a Now,
}

/// How many rows were read, and the last one's id.
#[derive(Default)]
struct Found {
    rows: i64,
    last: Option<i64>,
}

impl Found {
    fn row(&mut self, id: i64) {
        self.rows += 1;
        self.last = Some(id);
    }
}

impl Part<'_, '_> {
    /// When the day begins and ends, in milliseconds since 1970. Each day has 24 hours.
    fn bounds_ms(&self) -> Result<(i64, i64), Error> {
        let begin = AppointmentTime::parse(&format!("{} 00:00", self.day));
        let begin_ms = begin
            .and_then(|begin| self.now.unix_ms_of(&begin))
            .ok_or_else(|| Error::Other("a report is asked for a day that is none".into()))?;
        Ok((begin_ms, begin_ms + 24 * 60 * 60 * 1000))
    }

    fn doctor(&self, doctor_id: i64, known: &mut HashMap<i64, Doctor>) -> Result<Doctor, Error> {
        if let Some(doctor) = known.get(&doctor_id) {
            return Ok(doctor.clone());
        }
        let found = self.transaction.first(&report::DOCTOR, params![doctor_id], |row| {
            let named = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
            let (name, department) = (named(row.optional_text(0)?), named(row.optional_text(1)?));
            Ok::<_, Error>(Doctor { name, department })
        })?;
        Ok(known.entry(doctor_id).or_insert(found.unwrap_or_default()).clone())
    }
}
