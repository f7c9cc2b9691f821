//! The house: who works in it, when they see patients, and its wards and beds.
//!
//! It never knows a patient's data. Invariant: as in the module above.

use super::{Page, each};
use crate::store::statements::export;
use crate::store::{Error, Transaction, params};

/// A doctor, and the department that they work for.
pub struct Practitioner<'a> {
    pub doctor_id: i64,
    pub name: &'a str,
    pub employee_id: &'a str,
    pub department: Option<&'a str>,
    pub is_available: bool,
}

pub fn practitioners(
    transaction: &Transaction<'_>,
    page: Page,
    mut sink: impl FnMut(&Practitioner<'_>),
) -> Result<(), Error> {
    each(transaction, page, (&export::PRACTITIONERS, &export::PRACTITIONERS_OF_PATIENT), |row| {
        sink(&Practitioner {
            doctor_id: row.integer(0)?,
            name: row.text(1)?,
            employee_id: row.text(2)?,
            department: row.optional_text(3)?,
            is_available: row.value(4)?.is_true(),
        });
        Ok(())
    })
}

/// A session, as a stretch of time that can be booked.
pub struct Slot<'a> {
    pub session_id: i64,
    pub doctor_id: i64,
    pub department: Option<&'a str>,
    pub room: Option<&'a str>,
    /// In the hospital's own time.
    pub starts_at: &'a str,
    pub ends_at: &'a str,
    /// open, stopped or closed.
    pub state: &'a str,
    pub stop_reason: Option<&'a str>,
    pub remaining: i64,
    /// Places that were given beyond the plan.
    pub addons: i64,
}

pub fn slots(
    transaction: &Transaction<'_>,
    page: Page,
    mut sink: impl FnMut(&Slot<'_>),
) -> Result<(), Error> {
    each(transaction, page, (&export::SLOTS, &export::SLOTS_OF_PATIENT), |row| {
        sink(&Slot {
            session_id: row.integer(0)?,
            doctor_id: row.integer(1)?,
            department: row.optional_text(2)?,
            room: row.optional_text(3)?,
            starts_at: row.text(4)?,
            ends_at: row.text(5)?,
            state: row.text(6)?,
            stop_reason: row.optional_text(7)?,
            remaining: row.integer(8)?,
            addons: row.integer(9)?,
        });
        Ok(())
    })
}

pub struct Ward<'a> {
    pub ward_id: i64,
    pub number: &'a str,
    pub name: &'a str,
    pub is_closed: bool,
}

pub fn wards(
    transaction: &Transaction<'_>,
    page: Page,
    mut sink: impl FnMut(&Ward<'_>),
) -> Result<(), Error> {
    each(transaction, page, (&export::WARDS, &export::WARDS_OF_PATIENT), |row| {
        sink(&Ward {
            ward_id: row.integer(0)?,
            number: row.text(1)?,
            name: row.text(2)?,
            is_closed: row.value(3)?.is_true(),
        });
        Ok(())
    })
}

pub struct Bed<'a> {
    pub bed_id: i64,
    pub ward_id: i64,
    pub number: &'a str,
    /// free, reserved, occupied, cleaning or blocked.
    pub state: &'a str,
    pub is_in_closed_ward: bool,
}

pub fn beds(transaction: &Transaction<'_>, page: Page, mut sink: impl FnMut(&Bed<'_>)) -> Result<(), Error> {
    each(transaction, page, (&export::BEDS, &export::BEDS_OF_PATIENT), |row| {
        sink(&Bed {
            bed_id: row.integer(0)?,
            ward_id: row.integer(1)?,
            number: row.text(2)?,
            state: row.text(3)?,
            is_in_closed_ward: row.value(4)?.is_true(),
        });
        Ok(())
    })
}

/// The ids of patients behind `after`, up to `limit`.
pub fn patient_ids(transaction: &Transaction<'_>, after: i64, limit: i64) -> Result<Vec<i64>, Error> {
    transaction.all(&export::PATIENT_IDS, params![after, limit], |row| row.integer(0))
}
