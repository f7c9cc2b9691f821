//! The end of a session: stopped because the doctor does not come, or over.
//!
//! It never knows who has ended it. Invariant: no appointment stays booked in a session that has ended, and
//! nobody is penalised for a session that was stopped, or has missed what they were seen at.

use super::change::{CancelledBy, Change, cancel, mark, step, was_seen};
use super::find::in_state;
use super::{Booking, Outcome, Refusal, State, refuse};
use crate::service::clinic_session::{self, ClinicSession, SessionState};
use crate::service::{Failure, notice, queue, waitlist};
use crate::store::statements;
use crate::store::{Error, params};

fn known(change: &Change<'_, '_>, session_id: i64) -> Outcome<ClinicSession> {
    match clinic_session::by_id(change.transaction, session_id)? {
        Some(session) => Ok(session),
        None => refuse(Refusal::UnknownSession),
    }
}

fn set_state(
    change: &mut Change<'_, '_>,
    session_id: i64,
    state: SessionState,
    reason: Option<&str>,
) -> Result<(), Error> {
    change
        .transaction
        .execute(&statements::clinic_session::SET_STATE, params![session_id, state.word(), reason])?;
    change.transaction.execute(&statements::waitlist::END_SESSION, params![session_id])?;
    change.changes.sessions.insert(session_id);
    change.changes.queues.insert(session_id);
    Ok(())
}

/// Stops a session: its appointments are cancelled, and their patients told. Returns the appointments.
pub fn stop_session(change: &mut Change<'_, '_>, session_id: i64, reason: &str) -> Outcome<Vec<i64>> {
    let session = known(change, session_id)?;
    match session.state {
        SessionState::Open => {}
        SessionState::Stopped => return Ok(Vec::new()),
        SessionState::Closed => return refuse(Refusal::SessionClosed),
    }
    waitlist::session_stopped(change, session_id, reason)?;
    // Nobody is offered a place that is about to be taken away.
    set_state(change, session_id, SessionState::Stopped, Some(reason))?;
    let mut cancelled = Vec::new();
    for state in [State::Held, State::Booked, State::CheckedIn] {
        for found in in_state(change.transaction, session_id, state)? {
            if complete_seen(change, &found)? {
                continue;
            }
            cancel(change, found.appointment_id, CancelledBy::Hospital, Some(reason))?;
            notice::session_stopped(change.transaction, &found, reason, change.now)?;
            change.changes.notices.insert(found.patient_id);
            cancelled.push(found.appointment_id);
        }
    }
    Ok(cancelled)
}

/// Completes an appointment whose visit has begun without the queue. Returns whether there is one.
fn complete_seen(change: &mut Change<'_, '_>, found: &Booking) -> Result<bool, Error> {
    if !was_seen(change, found)? {
        return Ok(false);
    }
    step(change, found, State::Completed, None, None)?;
    queue::appointment_ended(change, found, true)?;
    Ok(true)
}

/// Closes a session that is over: who never came did not come, and who was never seen has left.
pub fn close_session(change: &mut Change<'_, '_>, session_id: i64) -> Outcome<()> {
    let session = known(change, session_id)?;
    if session.state == SessionState::Closed {
        return Ok(());
    }
    set_state(change, session_id, SessionState::Closed, session.stop_reason.as_deref())?;
    for held in in_state(change.transaction, session_id, State::Held)? {
        ignore_refusal(cancel(change, held.appointment_id, CancelledBy::System, None))?;
    }
    for booked in in_state(change.transaction, session_id, State::Booked)? {
        if !complete_seen(change, &booked)? {
            ignore_refusal(mark(change, booked.appointment_id, State::NoShow))?;
        }
    }
    for waiting in in_state(change.transaction, session_id, State::CheckedIn)? {
        if !complete_seen(change, &waiting)? {
            ignore_refusal(cancel(change, waiting.appointment_id, CancelledBy::System, Some("not seen")))?;
        }
    }
    Ok(())
}

fn ignore_refusal<T>(outcome: Outcome<T>) -> Result<(), Error> {
    match outcome {
        Ok(_) | Err(Failure::Refused(_)) => Ok(()),
        Err(Failure::Fault(fault)) => Err(fault),
    }
}
