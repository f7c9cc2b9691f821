//! What patients do not bear.
//!
//! It never knows what is prescribed. Invariant: a patient has one allergy at the most for a substance that was
//! not refuted, however its name was written.

use super::text::key;
use super::time::Now;
use super::words::words;
use super::{Failure, refuse};
use crate::store::statements::{allergy, patient};
use crate::store::{Error, Row, Transaction, params};

words! {
    pub enum Severity, "an allergy is of a severity" {
        Mild = "mild",
        Moderate = "moderate",
        Severe = "severe",
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allergy {
    pub allergy_id: i64,
    pub patient_id: i64,
    /// As it was written.
    pub substance: String,
    /// As it is compared with ingredients and classes of drugs.
    pub substance_key: String,
    pub severity: Severity,
    pub reaction: Option<String>,
    pub recorded_by: i64,
    pub recorded_ms: i64,
    pub refuted_ms: Option<i64>,
    pub refuted_by: Option<i64>,
    pub refuted_reason: Option<String>,
}

impl Allergy {
    fn from_row(row: &Row<'_>) -> Result<Allergy, Error> {
        Ok(Allergy {
            allergy_id: row.integer(0)?,
            patient_id: row.integer(1)?,
            substance: row.string(2)?,
            substance_key: row.string(3)?,
            severity: Severity::parse(row.text(4)?)?,
            reaction: row.optional_string(5)?,
            recorded_by: row.integer(6)?,
            recorded_ms: row.integer(7)?,
            refuted_ms: row.optional_integer(8)?,
            refuted_by: row.optional_integer(9)?,
            refuted_reason: row.optional_string(10)?,
        })
    }
}

/// An allergy to be.
#[derive(Debug, Clone, Copy)]
pub struct NewAllergy<'a> {
    pub patient_id: i64,
    pub substance: &'a str,
    pub severity: Severity,
    pub reaction: Option<&'a str>,
    pub by: i64,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    UnknownPatient,
    UnknownAllergy,
    AlreadyRecorded {
        allergy_id: i64,
    },
    /// `to` is what cannot become of it any longer.
    Refuted {
        to: &'static str,
    },
}

pub type Outcome<T> = Result<T, Failure<Refusal>>;

/// Records an allergy. Returns its id.
pub fn add(transaction: &Transaction<'_>, new: &NewAllergy<'_>, now: &Now) -> Outcome<i64> {
    if transaction.first(&patient::EXISTS, params![new.patient_id], |row| row.integer(0))?.is_none() {
        return refuse(Refusal::UnknownPatient);
    }
    let key = key(new.substance);
    let known = transaction.first(&allergy::KNOWN, params![new.patient_id, key], |row| row.integer(0))?;
    if let Some(allergy_id) = known {
        return refuse(Refusal::AlreadyRecorded { allergy_id });
    }
    Ok(transaction.insert(
        &allergy::INSERT,
        params![
            new.patient_id,
            new.substance.trim(),
            key,
            new.severity.word(),
            new.reaction,
            new.by,
            now.unix_ms
        ],
    )?)
}

/// Says that it is worse, or less bad, than it was recorded.
pub fn set_severity(transaction: &Transaction<'_>, allergy_id: i64, severity: Severity) -> Outcome<()> {
    standing(transaction, allergy_id, severity.word())?;
    transaction.execute(&allergy::SET_SEVERITY, params![allergy_id, severity.word()])?;
    Ok(())
}

/// An allergy that was not refuted; `to` is what is to become of it.
fn standing(transaction: &Transaction<'_>, allergy_id: i64, to: &'static str) -> Outcome<Allergy> {
    match by_id(transaction, allergy_id)? {
        None => refuse(Refusal::UnknownAllergy),
        Some(found) if found.refuted_ms.is_some() => refuse(Refusal::Refuted { to }),
        Some(found) => Ok(found),
    }
}

/// Says that it was found to be none. It stays readable.
pub fn refute(
    transaction: &Transaction<'_>,
    allergy_id: i64,
    reason: &str,
    by: i64,
    now: &Now,
) -> Outcome<()> {
    standing(transaction, allergy_id, "refuted")?;
    transaction.execute(&allergy::REFUTE, params![allergy_id, now.unix_ms, by, reason])?;
    Ok(())
}

pub fn by_id(transaction: &Transaction<'_>, allergy_id: i64) -> Result<Option<Allergy>, Error> {
    transaction.first(&allergy::BY_ID, params![allergy_id], Allergy::from_row)
}

/// Hands a patient's allergies, in the order in which they were recorded, to `sink`.
pub fn list(
    transaction: &Transaction<'_>,
    patient_id: i64,
    with_refuted: bool,
    after: i64,
    limit: i64,
    mut sink: impl FnMut(Allergy),
) -> Result<(), Error> {
    transaction.each(&allergy::OF_PATIENT, params![patient_id, after, with_refuted, limit], |row| {
        sink(Allergy::from_row(row)?);
        Ok(())
    })
}
