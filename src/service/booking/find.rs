//! Appointments in sessions, as they are read.
//!
//! It never changes one. Invariant: what is listed is in one order, so that a page begins where the one before
//! has ended.

use super::{Pool, State};
use crate::service::time::{AppointmentTime, MINUTE_MS, Now};
use crate::store::statements::booking;
use crate::store::{Error, Row, Transaction, params};

/// An appointment in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    pub appointment_id: i64,
    pub session_id: i64,
    pub patient_id: i64,
    pub patient_name: String,
    pub doctor_id: i64,
    pub doctor_name: String,
    pub department: Option<String>,
    pub room: Option<String>,
    /// About when the patient is seen.
    pub starts_at: String,
    pub ends_at: String,
    pub state: State,
    pub pool: Pool,
    pub queue_number: Option<i64>,
    pub expires_ms: Option<i64>,
    pub origin_id: Option<i64>,
    pub fee_fen: i64,
    pub is_paid: bool,
    pub cancelled_by: Option<String>,
    pub reason: Option<String>,
    /// The sessions that it was moved from, the first one first.
    pub moved_from: Vec<i64>,
    pub(super) previous_state: Option<State>,
    pub(super) changed_by: Option<i64>,
    pub(super) changed_ms: i64,
    pub day: String,
}

impl Booking {
    /// Whether so many minutes have passed since its time, or since it was booked where that was later.
    pub fn is_late(&self, grace_min: i64, now: &Now) -> bool {
        let until = AppointmentTime::parse(&self.starts_at).and_then(|time| time.plus_minutes(grace_min));
        until.is_some_and(|until| now.time_text().as_str() > until.as_str())
            && now.unix_ms - self.changed_ms > grace_min * MINUTE_MS
    }

    /// Whether it has taken no step yet.
    pub fn is_new(&self) -> bool {
        self.previous_state.is_none()
    }

    fn from_row(row: &Row<'_>) -> Result<Booking, Error> {
        let moved_from = row.optional_text(19)?.unwrap_or_default();
        Ok(Booking {
            appointment_id: row.integer(0)?,
            session_id: row.integer(1)?,
            patient_id: row.integer(2)?,
            patient_name: row.string(3)?,
            doctor_id: row.integer(4)?,
            doctor_name: row.string(5)?,
            department: row.optional_string(6)?,
            room: row.optional_string(7)?,
            starts_at: row.string(8)?,
            ends_at: row.string(9)?,
            state: State::parse(row.text(10)?)?,
            pool: Pool::parse(row.text(11)?)?,
            queue_number: row.optional_integer(12)?,
            expires_ms: row.optional_integer(13)?,
            origin_id: row.optional_integer(14)?,
            fee_fen: row.integer(15)?,
            is_paid: row.value(16)?.is_true(),
            cancelled_by: row.optional_string(17)?,
            reason: row.optional_string(18)?,
            moved_from: moved_from.split(' ').filter_map(|id| id.parse().ok()).collect(),
            previous_state: row.optional_text(20)?.map(State::parse).transpose()?,
            changed_by: row.optional_integer(21)?,
            changed_ms: row.integer(22)?,
            day: row.string(23)?,
        })
    }
}

pub fn by_id(transaction: &Transaction<'_>, appointment_id: i64) -> Result<Option<Booking>, Error> {
    transaction.first(&booking::BY_ID, params![appointment_id], Booking::from_row)
}

/// Which appointments to list.
#[derive(Debug, Clone, Copy)]
pub enum Filter {
    OfPatient(i64),
    OfSession(i64),
}

/// Hands appointments to `sink`: a session's in the order of their numbers, a patient's from the latest one.
/// `after` is the last one of the page before, 0 for the first page.
pub fn list(
    transaction: &Transaction<'_>,
    filter: Filter,
    after: i64,
    limit: i64,
    mut sink: impl FnMut(Booking),
) -> Result<(), Error> {
    let each = |row: &Row<'_>| {
        sink(Booking::from_row(row)?);
        Ok(())
    };
    match filter {
        Filter::OfPatient(id) => transaction.each(&booking::OF_PATIENT, params![id, after, limit], each),
        Filter::OfSession(id) => transaction.each(&booking::OF_SESSION, params![id, after, limit], each),
    }
}

/// A follow-up of an appointment that is to come still.
pub fn live_follow_up(transaction: &Transaction<'_>, origin: &Booking) -> Result<Option<i64>, Error> {
    let Booking { patient_id, day, appointment_id, .. } = origin;
    transaction
        .first(&booking::LIVE_FOLLOW_UP, params![patient_id, day, appointment_id], |row| row.integer(0))
}

/// A follow-up of an appointment, whether it is to come or over, unless it was cancelled.
pub fn follow_up(transaction: &Transaction<'_>, origin: &Booking) -> Result<Option<i64>, Error> {
    let Booking { patient_id, day, appointment_id, .. } = origin;
    transaction.first(&booking::FOLLOW_UP, params![patient_id, day, appointment_id], |row| row.integer(0))
}

/// The appointments of a session in a state, in the order of their ids.
pub(super) fn in_state(
    transaction: &Transaction<'_>,
    session_id: i64,
    state: State,
) -> Result<Vec<Booking>, Error> {
    transaction.all(&booking::IN_STATE, params![session_id, state.word()], Booking::from_row)
}

/// When the next hold expires, in milliseconds since 1970.
pub fn next_expiry(transaction: &Transaction<'_>) -> Result<Option<i64>, Error> {
    let found = transaction.first(&booking::NEXT_EXPIRY, params![], |row| row.optional_integer(0))?;
    Ok(found.flatten())
}

/// Holds whose time is over, the oldest first.
pub fn expired(transaction: &Transaction<'_>, now_ms: i64, limit: i64) -> Result<Vec<i64>, Error> {
    transaction.all(&booking::EXPIRED, params![now_ms, limit], |row| row.integer(0))
}
