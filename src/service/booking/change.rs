//! Steps that an appointment takes: confirmed, moved, cancelled, not come to, undone.
//!
//! It never knows who may take them. Invariants: a place is given back in the step that ends its appointment,
//! and offered to the first who waits for it; what fails has changed nothing.

use super::conflict::{Visit, check, check_penalty, pardon, penalise};
use super::find::{Booking, by_id, live_follow_up};
use super::place::visit;
use super::{BookingRules, Outcome, Pool, Refusal, State, refuse};
use crate::service::access::Role;
use crate::service::changes::Changes;
use crate::service::clinic_session::{self, SessionState};
use crate::service::memory::Memory;
use crate::service::time::{AppointmentTime, Now};
use crate::service::words::words;
use crate::service::{chat, encounter, notice, queue, waitlist};
use crate::store::statements::{appointment, booking};
use crate::store::{Error, Transaction, params};

words! {
    /// Who ended an appointment.
    pub enum CancelledBy {
        Patient = "patient",
        Doctor = "doctor",
        Staff = "staff",
        /// Nobody in person: the hospital has called the session off, as for a leave.
        Hospital = "hospital",
        /// The server by itself, as when nobody saw the patient in time.
        System = "system",
    }
}

impl From<Role> for CancelledBy {
    fn from(role: Role) -> CancelledBy {
        match role {
            Role::Patient => CancelledBy::Patient,
            Role::Doctor => CancelledBy::Doctor,
            Role::Nurse | Role::Clerk | Role::Admin => CancelledBy::Staff,
        }
    }
}

/// What a step needs beside the appointment.
pub struct Change<'a, 'b> {
    pub transaction: &'a Transaction<'b>,
    pub rules: &'a BookingRules,
    pub memory: &'a mut Memory,
    pub changes: &'a mut Changes,
    pub now: &'a Now,
    /// Who takes it.
    pub by: Option<i64>,
}

fn known(change: &Change<'_, '_>, appointment_id: i64) -> Outcome<Booking> {
    match by_id(change.transaction, appointment_id)? {
        Some(found) => Ok(found),
        None => refuse(Refusal::UnknownAppointment),
    }
}

/// Writes a step that has been found right.
pub(super) fn step(
    change: &mut Change<'_, '_>,
    found: &Booking,
    to: State,
    cancelled_by: Option<CancelledBy>,
    reason: Option<&str>,
) -> Result<(), Error> {
    let by = cancelled_by.map(CancelledBy::word);
    change.transaction.execute(
        &booking::STEP,
        params![found.appointment_id, to.word(), change.by, change.now.unix_ms, by, reason],
    )?;
    write_status(change, found, to)
}

fn write_status(change: &mut Change<'_, '_>, found: &Booking, to: State) -> Result<(), Error> {
    if found.state.status() != to.status() {
        change
            .transaction
            .execute(&appointment::SET_STATUS, params![found.appointment_id, to.status().word()])?;
        if let Some(time) = AppointmentTime::parse(&found.starts_at) {
            change.memory.forget_day(found.doctor_id, &time);
        }
    }
    change.changes.appointments.insert(found.appointment_id);
    Ok(())
}

/// Takes a step that has no rule of its own.
pub fn mark(change: &mut Change<'_, '_>, appointment_id: i64, to: State) -> Outcome<Booking> {
    let found = known(change, appointment_id)?;
    if !found.state.next().contains(&to) {
        return refuse(Refusal::BadTransition { from: found.state, to });
    }
    step(change, &found, to, None, None)?;
    if to == State::NoShow {
        penalise(change.transaction, found.patient_id, change.rules, change.now)?;
    }
    Ok(found)
}

/// Takes back that an appointment was completed, which the queue finds out to be a mistake.
pub fn reopen(change: &mut Change<'_, '_>, appointment_id: i64) -> Outcome<()> {
    let found = known(change, appointment_id)?;
    if found.state != State::Completed {
        return refuse(Refusal::BadTransition { from: found.state, to: State::InConsultation });
    }
    step(change, &found, State::InConsultation, None, None)?;
    Ok(())
}

/// Makes a hold an appointment.
pub fn confirm(change: &mut Change<'_, '_>, appointment_id: i64) -> Outcome<Booking> {
    let found = known(change, appointment_id)?;
    match found.state {
        State::Held if found.expires_ms.is_some_and(|at| at <= change.now.unix_ms) => {
            return refuse(Refusal::HoldExpired);
        }
        State::Held => {}
        State::Expired => return refuse(Refusal::HoldExpired),
        from => return refuse(Refusal::BadTransition { from, to: State::Booked }),
    }
    step(change, &found, State::Booked, None, None)?;
    waitlist::accepted(change.transaction, appointment_id)?;
    Ok(found)
}

/// Cancels an appointment. Once more changes nothing, and is no mistake.
pub fn cancel(
    change: &mut Change<'_, '_>,
    appointment_id: i64,
    by: CancelledBy,
    reason: Option<&str>,
) -> Outcome<Booking> {
    let found = known(change, appointment_id)?;
    if found.state == State::Cancelled {
        return Ok(found);
    }
    if !found.state.next().contains(&State::Cancelled) {
        return refuse(Refusal::BadTransition { from: found.state, to: State::Cancelled });
    }
    if by == CancelledBy::Patient {
        check_unseen(change, &found, State::Cancelled)?;
        check_lead(change, &found)?;
    }
    end(change, &found, State::Cancelled, Some(by), reason)?;
    Ok(found)
}

/// Whether its doctor has seen the patient without the queue. A hold is no appointment yet, and before its day nobody
/// comes to one, whatever a doctor has opened for it.
pub(super) fn was_seen(change: &Change<'_, '_>, found: &Booking) -> Result<bool, Error> {
    let is_to_come = found.starts_at.get(..10).is_some_and(|day| day > change.now.day());
    Ok(found.state != State::Held
        && !is_to_come
        && encounter::has_begun(change.transaction, found.appointment_id, found.doctor_id)?)
}

/// Refuses to let an appointment go at which the patient has been seen.
fn check_unseen(change: &Change<'_, '_>, found: &Booking, to: State) -> Outcome<()> {
    if was_seen(change, found)? {
        return refuse(Refusal::BadTransition { from: State::InConsultation, to });
    }
    Ok(())
}

/// Whether a patient may let an appointment go still. Whoever has checked in may leave at any time, and a hold
/// may be let go.
fn check_lead(change: &Change<'_, '_>, found: &Booking) -> Outcome<()> {
    let until = AppointmentTime::parse(&found.starts_at)
        .and_then(|starts| starts.plus_minutes(-change.rules.cancel_lead_min));
    match until {
        Some(until) if found.state == State::Booked && change.now.time_text().as_str() >= until.as_str() => {
            refuse(Refusal::TooLate { until: until.to_string() })
        }
        _ => Ok(()),
    }
}

/// Ends an appointment whose place becomes free.
fn end(
    change: &mut Change<'_, '_>,
    found: &Booking,
    to: State,
    by: Option<CancelledBy>,
    reason: Option<&str>,
) -> Outcome<()> {
    step(change, found, to, by, reason)?;
    clinic_session::give_back(change.transaction, found.session_id, found.pool)?;
    change.changes.sessions.insert(found.session_id);
    waitlist::ended(change.transaction, found.appointment_id)?;
    queue::appointment_ended(change, found, false)?;
    if found.pool == Pool::Online {
        waitlist::offer(change, found.session_id)?;
    }
    Ok(())
}

/// Moves an appointment to another session: it keeps its id, and where it came from.
pub fn reschedule(
    change: &mut Change<'_, '_>,
    appointment_id: i64,
    session_id: i64,
    by: CancelledBy,
) -> Outcome<Booking> {
    let found = known(change, appointment_id)?;
    if !matches!(found.state, State::Held | State::Booked) {
        return refuse(Refusal::BadTransition { from: found.state, to: State::Booked });
    }
    check_unseen(change, &found, State::Booked)?;
    // Otherwise one would move what one may not cancel any longer, and cancel it there.
    if by == CancelledBy::Patient {
        // The other places are given out by the staff, beside what holds for those online.
        if found.pool != Pool::Online {
            return refuse(Refusal::NotOnline { pool: found.pool });
        }
        check_lead(change, &found)?;
        check_penalty(change.transaction, found.patient_id, found.pool, change.now)?;
    }
    let Some(session) = clinic_session::by_id(change.transaction, session_id)? else {
        return refuse(Refusal::UnknownSession);
    };
    if session_id == found.session_id {
        return Ok(found);
    }
    if let Err(refusal) = session.check_open(found.pool, change.now) {
        return refuse(refusal);
    }
    let (starts, ends) = visit(change.transaction, &session, found.pool, change.now)?;
    let times = Visit { starts_at: starts.as_str(), ends_at: ends.as_str() };
    check(change.transaction, &session, found.patient_id, &times, Some(appointment_id), change.rules)?;
    clinic_session::take(change.transaction, session_id, found.pool)?;
    let day = change.memory.day(change.transaction, session.doctor_id, &starts)?.one_more()?;
    change.transaction.execute(
        &appointment::MOVE,
        params![appointment_id, session.doctor_id, starts.as_str(), day.highest_number],
    )?;
    change.transaction.execute(
        &booking::MOVE,
        params![
            appointment_id,
            session_id,
            session.day,
            session.department,
            starts.as_str(),
            ends.as_str(),
            change.by,
            change.now.unix_ms
        ],
    )?;
    if let Some(old) = AppointmentTime::parse(&found.starts_at) {
        change.memory.forget_day(found.doctor_id, &old);
    }
    change.memory.forget_day(session.doctor_id, &starts);
    clinic_session::give_back(change.transaction, found.session_id, found.pool)?;
    notice::forget_reminders(change.transaction, &found, change.changes)?;
    chat::follow(change.transaction, chat::Visit::Appointment(appointment_id), change.changes, change.now)?;
    // Whoever waited for the place that is left does so no longer.
    waitlist::ended(change.transaction, appointment_id)?;
    change.changes.sessions.extend([found.session_id, session_id]);
    change.changes.appointments.insert(appointment_id);
    if found.pool == Pool::Online {
        waitlist::offer(change, found.session_id)?;
    }
    known(change, appointment_id)
}

/// Refuses to bring back an appointment whose patient is somewhere else by now.
fn check_again(change: &Change<'_, '_>, found: &Booking) -> Outcome<()> {
    let Some(session) = clinic_session::by_id(change.transaction, found.session_id)? else {
        return refuse(Refusal::UnknownSession);
    };
    if let Some(origin_id) = found.origin_id {
        let origin = known(change, origin_id)?;
        if origin.state != State::Completed {
            return refuse(Refusal::NothingToUndo);
        }
        return match live_follow_up(change.transaction, &origin)? {
            Some(appointment_id) => refuse(Refusal::LimitReached { appointment_id }),
            None => Ok(()),
        };
    }
    let times = Visit { starts_at: &found.starts_at, ends_at: &found.ends_at };
    check(change.transaction, &session, found.patient_id, &times, Some(found.appointment_id), change.rules)
}

/// Takes back that an appointment was cancelled, within minutes, by whoever cancelled it or, with `may_all`, by
/// anyone; whoever had a ticket waits again in their old place. A call, a start and a finish are undone in the
/// queue, and what the clock has done is not.
pub fn undo(change: &mut Change<'_, '_>, appointment_id: i64, may_all: bool) -> Outcome<Booking> {
    let found = known(change, appointment_id)?;
    let is_recent = change.now.unix_ms - found.changed_ms <= change.rules.undo_ms;
    let is_own = found.changed_by.is_some() && (may_all || found.changed_by == change.by);
    let before = found.previous_state.filter(|before| matches!(before, State::Booked | State::CheckedIn));
    let Some(before) = before.filter(|_| is_recent && is_own && found.state == State::Cancelled) else {
        return refuse(Refusal::NothingToUndo);
    };
    let session = clinic_session::by_id(change.transaction, found.session_id)?;
    match session.map(|session| (session.state, session.stop_reason)) {
        Some((SessionState::Open, _)) => {}
        Some((SessionState::Stopped, reason)) => return refuse(Refusal::SessionStopped { reason }),
        _ => return refuse(Refusal::SessionClosed),
    }
    check_again(change, &found)?;
    if before == State::CheckedIn {
        let again = queue::live_in_session(change.transaction, found.patient_id, found.session_id)?;
        if let Some(appointment_id) = again {
            return refuse(Refusal::LimitReached { appointment_id });
        }
        queue::appointment_restored(change, &found)?;
    }
    clinic_session::take(change.transaction, found.session_id, found.pool)?;
    change.changes.sessions.insert(found.session_id);
    change
        .transaction
        .execute(&booking::STEP_BACK, params![appointment_id, change.by, change.now.unix_ms])?;
    write_status(change, &found, before)?;
    known(change, appointment_id)
}

/// Corrects that a patient did not come: they have come and were seen, or are not to blame. It counts no longer.
pub fn correct_no_show(
    change: &mut Change<'_, '_>,
    appointment_id: i64,
    has_come: bool,
    reason: &str,
) -> Outcome<Booking> {
    let found = known(change, appointment_id)?;
    let to = if has_come { State::Completed } else { State::Cancelled };
    if found.state != State::NoShow {
        return refuse(Refusal::BadTransition { from: found.state, to });
    }
    if has_come {
        step(change, &found, to, None, None)?;
    } else {
        step(change, &found, to, Some(CancelledBy::Staff), Some(reason))?;
        // Its session is over, so that nobody waits for the place.
        clinic_session::give_back(change.transaction, found.session_id, found.pool)?;
        change.changes.sessions.insert(found.session_id);
    }
    pardon(change.transaction, found.patient_id, change.rules, change.now)?;
    known(change, appointment_id)
}

/// Notes that a fee was paid, or was not. For what is cancelled nothing is paid any longer; what was can be paid back.
pub fn set_paid(
    change: &mut Change<'_, '_>,
    appointment_id: i64,
    fee_fen: Option<i64>,
    is_paid: bool,
) -> Outcome<Booking> {
    let found = known(change, appointment_id)?;
    if is_paid && !found.is_paid && matches!(found.state, State::Cancelled | State::Expired) {
        return refuse(Refusal::NothingToPay { state: found.state });
    }
    if let Some(fee_fen) = fee_fen {
        change.transaction.execute(&booking::SET_FEE, params![appointment_id, fee_fen])?;
    }
    change.transaction.execute(&appointment::SET_PAID, params![appointment_id, is_paid])?;
    change.changes.appointments.insert(found.appointment_id);
    known(change, appointment_id)
}

/// Ends a hold whose time is over.
pub fn expire_hold(change: &mut Change<'_, '_>, appointment_id: i64) -> Outcome<()> {
    let found = known(change, appointment_id)?;
    if !found.state.next().contains(&State::Expired) {
        return refuse(Refusal::BadTransition { from: found.state, to: State::Expired });
    }
    end(change, &found, State::Expired, None, None)
}
