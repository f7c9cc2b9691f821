//! Waiting for a place in a session that is full.
//!
//! It never knows how a place became free. Invariants: first come, first served; a place that is offered is
//! held, so nobody else can have it meanwhile; one patient waits once for a session.

use super::booking::{CancelledBy, Change, NewBooking, Override, Pool, Refusal, State, check_patient, place};
use super::clinic_session::{self, SessionState};
use super::{Failure, booking, notice};
use crate::store::statements::{patient, waitlist};
use crate::store::{Error, Row, Transaction, params};

/// Someone who waits, or has waited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub entry_id: i64,
    pub session_id: i64,
    pub patient_id: i64,
    /// waiting, offered, accepted, expired, left or passed.
    pub state: String,
    /// The hold that is offered.
    pub appointment_id: Option<i64>,
    pub joined_ms: i64,
}

impl Entry {
    fn from_row(row: &Row<'_>) -> Result<Entry, Error> {
        Ok(Entry {
            entry_id: row.integer(0)?,
            session_id: row.integer(1)?,
            patient_id: row.integer(2)?,
            state: row.string(3)?,
            appointment_id: row.optional_integer(4)?,
            joined_ms: row.integer(5)?,
        })
    }
}

/// Why someone does not wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitRefusal {
    UnknownSession,
    UnknownPatient,
    /// The session does not take place, or is over.
    NotWaitable,
    /// There is a place: it can be booked.
    HasPlaces {
        remaining: i64,
    },
    AlreadyWaiting {
        entry_id: i64,
    },
    UnknownEntry,
    /// The patient may not book the place, if there were one.
    Booking(Refusal),
}

/// Begins to wait, where the patient could have the place now. Returns the entry, and how many are before it.
pub fn join(
    change: &mut Change<'_, '_>,
    session_id: i64,
    patient_id: i64,
) -> Result<(i64, i64), Failure<WaitRefusal>> {
    let refuse = |refusal| Err(Failure::Refused(refusal));
    let (transaction, now) = (change.transaction, change.now);
    let Some(session) = clinic_session::by_id(transaction, session_id)? else {
        return refuse(WaitRefusal::UnknownSession);
    };
    if session.state != SessionState::Open || now.time_text().as_str() >= session.ends_at.as_str() {
        return refuse(WaitRefusal::NotWaitable);
    }
    if transaction.first(&patient::EXISTS, params![patient_id], |row| row.integer(0))?.is_none() {
        return refuse(WaitRefusal::UnknownPatient);
    }
    let remaining = session.online.remaining();
    if remaining > 0 {
        return refuse(WaitRefusal::HasPlaces { remaining });
    }
    if let Some(entry_id) =
        transaction.first(&waitlist::LIVE, params![session_id, patient_id], |row| row.integer(0))?
    {
        return refuse(WaitRefusal::AlreadyWaiting { entry_id });
    }
    check_patient(transaction, &session, patient_id, change.rules, now)
        .map_err(|failure| failure.map(WaitRefusal::Booking))?;
    let entry_id = transaction.insert(&waitlist::JOIN, params![session_id, patient_id, now.unix_ms])?;
    let before = transaction.first(&waitlist::BEFORE, params![session_id, entry_id], |row| row.integer(0))?;
    Ok((entry_id, before.unwrap_or(0)))
}

/// Stops waiting; an offer that was made is given to the next.
pub fn leave(
    change: &mut Change<'_, '_>,
    entry_id: i64,
    by: CancelledBy,
) -> Result<Entry, Failure<WaitRefusal>> {
    let Some(entry) = by_id(change.transaction, entry_id)? else {
        return Err(Failure::Refused(WaitRefusal::UnknownEntry));
    };
    if entry.state == "waiting" || entry.state == "offered" {
        change.transaction.execute(&waitlist::SET_STATE, params![entry_id, "left"])?;
    }
    if let (Some(appointment_id), "offered") = (entry.appointment_id, entry.state.as_str()) {
        let cancelled = booking::cancel(change, appointment_id, by, None);
        cancelled.map_err(|failure| match failure {
            Failure::Fault(fault) => Failure::Fault(fault),
            Failure::Refused(refusal) => {
                Failure::Fault(Error::Other(format!("an offer could not be taken back: {refusal:?}")))
            }
        })?;
    }
    Ok(entry)
}

pub fn by_id(transaction: &Transaction<'_>, entry_id: i64) -> Result<Option<Entry>, Error> {
    transaction.first(&waitlist::BY_ID, params![entry_id], Entry::from_row)
}

/// Hands a patient's entries, the latest first, to `sink`.
pub fn of_patient(
    transaction: &Transaction<'_>,
    patient_id: i64,
    limit: i64,
    mut sink: impl FnMut(Entry),
) -> Result<(), Error> {
    transaction.each(&waitlist::OF_PATIENT, params![patient_id, limit], |row| {
        sink(Entry::from_row(row)?);
        Ok(())
    })
}

/// A hold was confirmed, which may have been an offer.
pub(super) fn accepted(transaction: &Transaction<'_>, appointment_id: i64) -> Result<(), Error> {
    transaction.execute(&waitlist::ACCEPTED, params![appointment_id])?;
    Ok(())
}

/// A hold has ended, which may have been an offer.
pub(super) fn ended(transaction: &Transaction<'_>, appointment_id: i64) -> Result<(), Error> {
    transaction.execute(&waitlist::ENDED, params![appointment_id])?;
    Ok(())
}

/// So many of those who wait are looked at in one step; the others are by a timer.
const OFFERS_PER_STEP: usize = 20;

/// Offers the free places of a session to those who wait, the first one first. Whoever could not take theirs
/// is passed over, and told.
pub fn offer(change: &mut Change<'_, '_>, session_id: i64) -> Result<(), Error> {
    for _ in 0..OFFERS_PER_STEP {
        let next = change.transaction.first(&waitlist::FIRST, params![session_id], Entry::from_row)?;
        let Some(entry) = next else { return Ok(()) };
        let new = NewBooking {
            session_id,
            patient_id: entry.patient_id,
            state: State::Held,
            pool: Pool::Online,
            origin_id: None,
            fee_fen: None,
            is_paid: false,
            reason: None,
            rules_are: Override::No,
            by: None,
        };
        let placed = place(change.transaction, &new, change.rules, change.memory, change.changes, change.now);
        match placed {
            Ok(placed) => {
                change
                    .transaction
                    .execute(&waitlist::OFFER, params![entry.entry_id, placed.appointment_id])?;
                notice::place_offered(
                    change.transaction,
                    entry.patient_id,
                    placed.appointment_id,
                    change.now,
                )?;
                change.changes.notices.insert(entry.patient_id);
            }
            Err(Failure::Refused(
                Refusal::PatientBusy { .. } | Refusal::LimitReached { .. } | Refusal::Penalised { .. },
            )) => {
                change.transaction.execute(&waitlist::SET_STATE, params![entry.entry_id, "passed"])?;
                notice::passed_over(change.transaction, entry.patient_id, change.now)?;
                change.changes.notices.insert(entry.patient_id);
            }
            // Full again, or not to be booked at all: they wait on.
            Err(Failure::Refused(_)) => return Ok(()),
            Err(Failure::Fault(fault)) => return Err(fault),
        }
    }
    Ok(())
}

/// Sessions that have places and someone who waits.
pub fn with_places(transaction: &Transaction<'_>, limit: i64, now: &str) -> Result<Vec<i64>, Error> {
    transaction.all(&waitlist::WITH_PLACES, params![now, limit], |row| row.integer(0))
}

/// Tells those who wait for a session that the doctor does not come.
pub(super) fn session_stopped(
    change: &mut Change<'_, '_>,
    session_id: i64,
    reason: &str,
) -> Result<(), Error> {
    let waiting = change.transaction.all(&waitlist::WAITING, params![session_id], |row| row.integer(0))?;
    for patient_id in waiting {
        notice::wait_is_over(change.transaction, patient_id, reason, change.now)?;
        change.changes.notices.insert(patient_id);
    }
    Ok(())
}
