//! What a patient is told: reminders, offers, sessions that do not take place.
//!
//! It never knows how it reaches them. Invariants: a notice of one kind about one appointment is given once; it
//! is kept until it has been fetched.

use super::booking::Booking;
use super::changes::Changes;
use super::time::Now;
use crate::store::statements::notice;
use crate::store::{Error, Row, Transaction, params};

/// A notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub notice_id: i64,
    /// session_stopped, doctor_changed, reminder_day, reminder_hour, place_offered or passed_over.
    pub kind: String,
    pub appointment_id: Option<i64>,
    pub text: Option<String>,
    pub created_ms: i64,
}

impl Notice {
    pub(super) fn from_row(row: &Row<'_>) -> Result<Notice, Error> {
        Ok(Notice {
            notice_id: row.integer(0)?,
            kind: row.string(1)?,
            appointment_id: row.optional_integer(2)?,
            text: row.optional_string(3)?,
            created_ms: row.integer(4)?,
        })
    }
}

/// Gives a notice. Returns whether it is a new one.
pub fn give(
    transaction: &Transaction<'_>,
    patient_id: i64,
    kind: &str,
    appointment_id: Option<i64>,
    text: Option<&str>,
    now: &Now,
) -> Result<bool, Error> {
    let given =
        transaction.execute(&notice::GIVE, params![patient_id, kind, appointment_id, text, now.unix_ms])?;
    Ok(given > 0)
}

/// An appointment has another time: its patient is reminded of that one, and no longer of the one before.
pub fn forget_reminders(
    transaction: &Transaction<'_>,
    found: &Booking,
    changes: &mut Changes,
) -> Result<(), Error> {
    if transaction.execute(&notice::FORGET_REMINDERS, params![found.appointment_id])? > 0 {
        changes.notices.insert(found.patient_id);
    }
    Ok(())
}

/// Tells a patient that the doctor does not come.
pub fn session_stopped(
    transaction: &Transaction<'_>,
    found: &Booking,
    reason: &str,
    now: &Now,
) -> Result<(), Error> {
    let appointment_id = Some(found.appointment_id);
    give(transaction, found.patient_id, "session_stopped", appointment_id, Some(reason), now).map(|_| ())
}

/// Tells a patient who waited that there was a place, and that they could not have it then.
pub fn passed_over(transaction: &Transaction<'_>, patient_id: i64, now: &Now) -> Result<(), Error> {
    give(transaction, patient_id, "passed_over", None, None, now).map(|_| ())
}

/// Tells a patient who waited for a session that the doctor does not come.
pub fn wait_is_over(
    transaction: &Transaction<'_>,
    patient_id: i64,
    reason: &str,
    now: &Now,
) -> Result<(), Error> {
    give(transaction, patient_id, "session_stopped", None, Some(reason), now).map(|_| ())
}

/// Tells a patient which other doctor sees them. It may come to pass again, and is told again then.
pub fn doctor_changed(
    transaction: &Transaction<'_>,
    found: &Booking,
    doctor_name: &str,
    now: &Now,
) -> Result<(), Error> {
    const KIND: &str = "doctor_changed";
    transaction.execute(&notice::WITHDRAW, params![found.appointment_id, KIND])?;
    give(transaction, found.patient_id, KIND, Some(found.appointment_id), Some(doctor_name), now).map(|_| ())
}

/// Tells a patient who waited that a place is held for them.
pub fn place_offered(
    transaction: &Transaction<'_>,
    patient_id: i64,
    appointment_id: i64,
    now: &Now,
) -> Result<(), Error> {
    give(transaction, patient_id, "place_offered", Some(appointment_id), None, now).map(|_| ())
}

/// Hands a patient's notices that were not fetched yet to `sink`, the oldest first.
pub fn unread(
    transaction: &Transaction<'_>,
    patient_id: i64,
    limit: i64,
    mut sink: impl FnMut(Notice),
) -> Result<(), Error> {
    transaction.each(&notice::UNREAD, params![patient_id, limit], |row| {
        sink(Notice::from_row(row)?);
        Ok(())
    })
}

/// Notices up to this one have been seen. Returns how many those were.
pub fn fetched(
    transaction: &Transaction<'_>,
    patient_id: i64,
    up_to: i64,
    now: &Now,
) -> Result<usize, Error> {
    transaction.execute(&notice::FETCHED, params![patient_id, up_to, now.unix_ms])
}
