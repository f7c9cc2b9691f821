//! Admissions as they are read, and stays that only the old schema has.
//!
//! It never changes one. Invariant: what is listed is in one order, the latest first, so that a page begins
//! where the one before has ended.

use super::{Disposition, Kind, State};
use crate::service::old_row::{self, Listed, Place};
use crate::store::statements::admission;
use crate::store::{Error, Row, Transaction, params};

/// Moves of one stay that are shown; nobody has had so many.
const STAYS_MAX: i64 = 500;

/// An admission as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    pub admission_id: i64,
    pub patient_id: i64,
    pub patient_name: String,
    pub doctor_id: i64,
    pub doctor_name: String,
    /// That of the bed, where there is one; else the one that was asked for.
    pub ward_id: i64,
    pub ward_number: String,
    /// In which the patient lies, or that is reserved for them.
    pub bed_id: Option<i64>,
    pub bed_number: Option<String>,
    /// Since when they lie in it.
    pub bed_since_ms: Option<i64>,
    pub kind: Kind,
    pub reason: String,
    pub reason_code: Option<String>,
    pub state: State,
    pub disposition: Option<Disposition>,
    /// Why it was cancelled.
    pub end_reason: Option<String>,
    pub expected_on: Option<String>,
    pub origin_encounter_id: Option<i64>,
    /// The stay's own, from the admission on.
    pub encounter_id: Option<i64>,
    /// Its row in the old schema, from the admission on.
    pub old_hospitalization_id: Option<i64>,
    pub requested_ms: i64,
    pub admitted_ms: Option<i64>,
    pub ordered_ms: Option<i64>,
    pub ended_ms: Option<i64>,
}

impl Admission {
    fn from_row(row: &Row<'_>) -> Result<Admission, Error> {
        Ok(Admission {
            admission_id: row.integer(0)?,
            patient_id: row.integer(1)?,
            patient_name: row.string(2)?,
            doctor_id: row.integer(3)?,
            doctor_name: row.string(4)?,
            ward_id: row.integer(5)?,
            ward_number: row.string(6)?,
            bed_id: row.optional_integer(7)?,
            bed_number: row.optional_string(8)?,
            bed_since_ms: row.optional_integer(9)?,
            kind: Kind::parse(row.text(10)?)?,
            reason: row.string(11)?,
            reason_code: row.optional_string(12)?,
            state: State::parse(row.text(13)?)?,
            disposition: row.optional_text(14)?.map(Disposition::parse).transpose()?,
            end_reason: row.optional_string(15)?,
            expected_on: row.optional_string(16)?,
            origin_encounter_id: row.optional_integer(17)?,
            encounter_id: row.optional_integer(18)?,
            old_hospitalization_id: row.optional_integer(19)?,
            requested_ms: row.integer(20)?,
            admitted_ms: row.optional_integer(21)?,
            ordered_ms: row.optional_integer(22)?,
            ended_ms: row.optional_integer(23)?,
        })
    }
}

pub fn by_id(transaction: &Transaction<'_>, admission_id: i64) -> Result<Option<Admission>, Error> {
    transaction.first(&admission::BY_ID, params![admission_id], Admission::from_row)
}

/// Which stays to list.
#[derive(Debug, Clone, Copy)]
pub enum Filter<'a> {
    /// All of a patient, those that are over, too.
    OfPatient(i64),
    /// Those of a ward that are not over; of one doctor where one is named.
    OfWard { ward_id: i64, ward_number: &'a str, doctor_id: Option<i64> },
}

/// Stays from the latest on, at most `limit`: admissions, and then those of the old schema that are no admission's row.
pub fn list(
    transaction: &Transaction<'_>,
    filter: Filter<'_>,
    place: Place,
    limit: i64,
) -> Result<Vec<Listed<Admission, OldStay>>, Error> {
    let ours = |below: i64, limit: i64| match filter {
        Filter::OfPatient(id) => {
            transaction.all(&admission::OF_PATIENT, params![id, below, limit], Admission::from_row)
        }
        Filter::OfWard { ward_id: id, doctor_id, .. } => {
            transaction.all(&admission::OF_WARD, params![id, below, limit, doctor_id], Admission::from_row)
        }
    };
    old_row::list(place, limit, ours, |below, limit| match filter {
        Filter::OfPatient(id) => {
            transaction.all(&admission::OLD_OF_PATIENT, params![id, below, limit], OldStay::from_row)
        }
        Filter::OfWard { ward_number: number, doctor_id, .. } => transaction.all(
            &admission::OLD_OF_WARD,
            params![number, below, limit, doctor_id],
            OldStay::from_row,
        ),
    })
}

/// A stay that an old client has written down; no bed is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldStay {
    pub hospitalization_id: i64,
    pub patient_id: i64,
    pub doctor_id: i64,
    /// As the old client wrote them.
    pub ward_number: Option<String>,
    pub bed_number: Option<String>,
    pub admission_date: Option<String>,
    pub discharge_date: Option<String>,
    /// admitted or discharged.
    pub status: String,
}

impl OldStay {
    fn from_row(row: &Row<'_>) -> Result<OldStay, Error> {
        Ok(OldStay {
            hospitalization_id: row.integer(0)?,
            patient_id: row.integer(1)?,
            doctor_id: row.integer(2)?,
            ward_number: row.optional_string(3)?,
            bed_number: row.optional_string(4)?,
            admission_date: row.optional_string(5)?,
            discharge_date: row.optional_string(6)?,
            status: row.string(7)?,
        })
    }
}

/// In which bed somebody lay, from when to when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BedStay {
    pub bed_id: i64,
    pub bed_number: String,
    pub ward_id: i64,
    pub ward_number: String,
    pub from_ms: i64,
    pub to_ms: Option<i64>,
    /// Why they were moved there.
    pub reason: Option<String>,
}

/// The beds of one admission, in order.
pub fn stays(transaction: &Transaction<'_>, admission_id: i64) -> Result<Vec<BedStay>, Error> {
    transaction.all(&admission::STAYS, params![admission_id, STAYS_MAX], |row| {
        Ok(BedStay {
            bed_id: row.integer(0)?,
            bed_number: row.string(1)?,
            ward_id: row.integer(2)?,
            ward_number: row.string(3)?,
            from_ms: row.integer(4)?,
            to_ms: row.optional_integer(5)?,
            reason: row.optional_string(6)?,
        })
    })
}
