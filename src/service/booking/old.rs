//! Appointments of the old dialect in sessions, which it knows nothing of.
//!
//! It never knows the dialect's words. Invariants: a booking without a session's name takes a place of the
//! session that its time falls into; the old statuses lead where the states' rules would, but for the steps in
//! between, which old clients do not take.

use super::change::{CancelledBy, Change, cancel, step};
use super::conflict::{Visit, check_penalty, check_time, pardon};
use super::find::{Booking, by_id};
use super::place::{check_blocks, visit_minutes};
use super::{Outcome, Pool, Refusal, State, refuse};
use crate::service::appointment::Status;
use crate::service::changes::Changes;
use crate::service::clinic_session::{self, ClinicSession, SessionState};
use crate::service::time::{AppointmentTime, Now};
use crate::service::{queue, waitlist};
use crate::store::statements::booking;
use crate::store::{Error, Transaction, params};

/// Where an appointment at a time has to take its place.
#[derive(Debug, PartialEq, Eq)]
pub enum Seat {
    /// The doctor has no sessions on that day; the old rules hold.
    None,
    /// The doctor has sessions on that day, but none at that time.
    OutsideSessions,
    In(Box<ClinicSession>),
}

/// Looks for the session that a time falls into, and for a place in it that the patient may have.
pub fn seat(
    transaction: &Transaction<'_>,
    doctor_id: i64,
    patient_id: i64,
    time: &AppointmentTime,
    now: &Now,
) -> Outcome<Seat> {
    match clinic_session::at(transaction, doctor_id, time.date(), time.as_str())? {
        (None, false) => Ok(Seat::None),
        (None, true) => Ok(Seat::OutsideSessions),
        (Some(session), _) => {
            if let Err(refusal) = session.check_open(Pool::Online, now) {
                return refuse(refusal);
            }
            if session.online.remaining() == 0 {
                return refuse(Refusal::SessionFull);
            }
            check_blocks(transaction, &session, time)?;
            let ends = time.plus_minutes(visit_minutes(transaction, &session)?).unwrap_or(*time);
            let visit = Visit { starts_at: time.as_str(), ends_at: ends.as_str() };
            check_patient(transaction, &session, patient_id, &visit, None, now)?;
            Ok(Seat::In(Box::new(session)))
        }
    }
}

/// What the old dialect is held to of the rules about a patient: they are in one place at a time, and come when
/// they have booked. How many they have on a day is bounded by the old rules alone.
fn check_patient(
    transaction: &Transaction<'_>,
    session: &ClinicSession,
    patient_id: i64,
    visit: &Visit<'_>,
    own: Option<i64>,
    now: &Now,
) -> Outcome<()> {
    check_penalty(transaction, patient_id, Pool::Online, now)?;
    check_time(transaction, session, patient_id, visit, own)
}

/// Takes the place that `seat` has found for an appointment that was written just now.
pub fn enter(
    transaction: &Transaction<'_>,
    session: &ClinicSession,
    appointment_id: i64,
    patient_id: i64,
    time: &AppointmentTime,
    changes: &mut Changes,
    now: &Now,
) -> Outcome<()> {
    clinic_session::take(transaction, session.session_id, Pool::Online)?;
    let ends = time.plus_minutes(visit_minutes(transaction, session)?).unwrap_or(*time);
    transaction.execute(
        &booking::INSERT,
        params![
            appointment_id,
            session.session_id,
            patient_id,
            session.day,
            session.department,
            time.as_str(),
            ends.as_str(),
            State::Booked.word(),
            Pool::Online.word(),
            None::<i64>,
            None::<i64>,
            None::<i64>,
            None::<&str>,
            None::<i64>,
            now.unix_ms,
            true
        ],
    )?;
    changes.sessions.insert(session.session_id);
    changes.appointments.insert(appointment_id);
    Ok(())
}

/// Whether an appointment is in a session.
pub fn is_in_session(transaction: &Transaction<'_>, appointment_id: i64) -> Result<bool, Error> {
    Ok(transaction.first(&booking::EXISTS, params![appointment_id], |row| row.integer(0))?.is_some())
}

/// Brings an appointment in a session to an old status.
pub fn set_status(change: &mut Change<'_, '_>, appointment_id: i64, status: Status) -> Outcome<()> {
    let Some(found) = by_id(change.transaction, appointment_id)? else {
        return refuse(Refusal::UnknownAppointment);
    };
    match (found.state.status(), status) {
        (old, new) if old == new => Ok(()),
        (_, Status::Cancelled) if found.state.next().contains(&State::Cancelled) => {
            cancel(change, appointment_id, CancelledBy::Staff, None).map(|_| ())
        }
        (Status::Pending, Status::Completed) => {
            step(change, &found, State::Completed, None, None)?;
            waitlist::accepted(change.transaction, appointment_id)?;
            Ok(queue::appointment_ended(change, &found, true)?)
        }
        (Status::Completed, Status::Pending) | (Status::Cancelled, _) => restore(change, &found, status),
        (_, _) => refuse(Refusal::BadTransition { from: found.state, to: State::Cancelled }),
    }
}

/// Brings back what was over. In a session that has ended nothing is to come any longer, and one that was
/// stopped has seen nobody.
fn restore(change: &mut Change<'_, '_>, found: &Booking, status: Status) -> Outcome<()> {
    let Some(session) = clinic_session::by_id(change.transaction, found.session_id)? else {
        return refuse(Refusal::UnknownSession);
    };
    // All that can be refused comes before the first write, which the old dialect does not undo.
    let takes_place = matches!(found.state, State::Cancelled | State::Expired);
    let has_place = !takes_place || session.has_place(found.pool);
    match (session.state, status) {
        // It has seen nobody, and its reason stays when it is closed.
        _ if session.stop_reason.is_some() => {
            return refuse(Refusal::SessionStopped { reason: session.stop_reason });
        }
        (SessionState::Closed, Status::Pending) => return refuse(Refusal::SessionClosed),
        _ if !has_place => return refuse(Refusal::SessionFull),
        _ => {}
    }
    if found.state.status() == Status::Cancelled && status == Status::Pending {
        let visit = Visit { starts_at: &found.starts_at, ends_at: &found.ends_at };
        let own = Some(found.appointment_id);
        check_patient(change.transaction, &session, found.patient_id, &visit, own, change.now)?;
    }
    if takes_place {
        clinic_session::take(change.transaction, found.session_id, found.pool)?;
        change.changes.sessions.insert(found.session_id);
    }
    let to = match status {
        Status::Completed => {
            queue::appointment_ended(change, found, true)?;
            State::Completed
        }
        _ if queue::appointment_restored(change, found)? => State::CheckedIn,
        _ => State::Booked,
    };
    step(change, found, to, None, None)?;
    if found.state == State::NoShow {
        pardon(change.transaction, found.patient_id, change.rules, change.now)?;
    }
    Ok(())
}
