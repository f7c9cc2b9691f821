//! The approval of a leave, and what becomes of the sessions of those days.
//!
//! It never knows how patients are reached. Invariant: the leave, its exception, the sessions and their
//! appointments change in one step, or nothing does.

use super::{Leave, Outcome, Refusal, State, check_days, check_substitute, going, known, refuse, step};
use crate::service::booking::{Change, hand_over, stop_session};
use crate::service::clinic_session::{self, ClinicSession, SessionState};
use crate::service::schedule::{self, Exception};
use crate::service::{Failure, doctor};
use crate::store::statements::leave;
use crate::store::{Error, Transaction, params};

/// More sessions than those of one leave; each is a piece of work for which everybody else waits.
pub const SESSIONS_MAX: i64 = 200;
/// The same of places that are taken in them.
pub const PLACES_MAX: i64 = 2_000;
/// So many appointments outside of sessions are named.
const NAMED_MAX: i64 = 500;
/// What patients, and whoever looks at the sessions, are told; the doctor's own reason is not theirs to know.
const TOLD: &str = "the doctor is on leave";

/// What became of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// The substitute has it now; these appointments are to come.
    HandedOver(Vec<i64>),
    /// It does not take place; these appointments were cancelled.
    Stopped(Vec<i64>),
    /// It goes on, for it had begun.
    Running,
}

/// What an approval came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    pub leave: Leave,
    /// Each open session of those days, in the order in which they begin.
    pub sessions: Vec<(ClinicSession, Fate)>,
    /// Appointments of old clients that are in no session. They stay as they are.
    pub outside: Vec<i64>,
}

/// Who approves what.
#[derive(Debug, Clone, Copy)]
pub struct Approved {
    pub leave_id: i64,
    pub by: i64,
    /// Instead of the one whom the doctor has named.
    pub substitute_id: Option<i64>,
}

/// Approves a leave.
pub fn approve(change: &mut Change<'_, '_>, approved: &Approved) -> Outcome<Approval> {
    let transaction = change.transaction;
    let mut found = going(transaction, approved.leave_id, State::Approved)?;
    if found.doctor_id == approved.by {
        return refuse(Refusal::Own);
    }
    check_days(&found.date_from, &found.date_to)?;
    found.substitute_id = approved.substitute_id.or(found.substitute_id);
    let substitute = match found.substitute_id {
        Some(substitute_id) => {
            check_substitute(transaction, substitute_id, found.doctor_id)?;
            let name = doctor::by_id(transaction, substitute_id, |profile| profile.name.to_owned())?;
            Some((substitute_id, name.unwrap_or_default()))
        }
        None => None,
    };
    let sessions = open_sessions(transaction, &found)?;
    found.exception_id = Some(except(transaction, &found)?);
    step(transaction, &found, State::Approved, approved.by, None, change.now)?;
    let now = change.now.time_text();
    let outside = outside(transaction, &found, &now)?;
    let mut decided = Vec::with_capacity(sessions.len());
    for session in sessions {
        let fate = if session.starts_at <= now {
            Fate::Running
        } else {
            free_or_replace(change, &session, substitute.as_ref())?
        };
        decided.push((session, fate));
    }
    let leave = known(transaction, approved.leave_id)?;
    Ok(Approval { leave, sessions: decided, outside })
}

fn open_sessions(transaction: &Transaction<'_>, found: &Leave) -> Outcome<Vec<ClinicSession>> {
    let days = (found.date_from.as_str(), found.date_to.as_str());
    let sessions =
        clinic_session::of_doctor(transaction, found.doctor_id, days, SessionState::Open, SESSIONS_MAX + 1)?;
    let taken =
        |session: &ClinicSession| session.online.booked + session.onsite.booked + session.addon.booked;
    let is_too_large =
        sessions.len() as i64 > SESSIONS_MAX || sessions.iter().map(taken).sum::<i64>() > PLACES_MAX;
    if is_too_large { refuse(Refusal::TooLarge) } else { Ok(sessions) }
}

/// Keeps sessions from being made in those days.
fn except(transaction: &Transaction<'_>, found: &Leave) -> Result<i64, Error> {
    let new = Exception {
        exception_id: 0,
        doctor_id: found.doctor_id,
        date_from: found.date_from.clone(),
        date_to: found.date_to.clone(),
        hours: None,
        reason: format!("leave {}", found.leave_id),
    };
    match schedule::add_exception(transaction, &new) {
        Ok(exception_id) => Ok(exception_id),
        Err(Failure::Fault(fault)) => Err(fault),
        Err(Failure::Refused(refusal)) => {
            Err(Error::Other(format!("a leave could not be made an exception: {refusal:?}")))
        }
    }
}

/// Gives a session to the substitute where they have the time, and stops it where they have not.
fn free_or_replace(
    change: &mut Change<'_, '_>,
    session: &ClinicSession,
    substitute: Option<&(i64, String)>,
) -> Result<Fate, Error> {
    change.changes.taken.insert(session.session_id);
    if let Some((substitute_id, name)) = substitute {
        let is_free = change.transaction.first(
            &leave::MAY_STAND_IN,
            params![substitute_id, session.day, session.starts_at, session.ends_at, session.period],
            |row| row.integer(0),
        )?;
        if is_free.is_some() {
            return hand_over(change, session, *substitute_id, name)
                .map(Fate::HandedOver)
                .map_err(unexpected);
        }
    }
    stop_session(change, session.session_id, TOLD).map(Fate::Stopped).map_err(unexpected)
}

/// An open session has nothing to refuse.
fn unexpected(failure: Failure<crate::service::booking::Refusal>) -> Error {
    match failure {
        Failure::Fault(fault) => fault,
        Failure::Refused(refusal) => {
            Error::Other(format!("a session could not be taken from its doctor: {refusal:?}"))
        }
    }
}

/// What old clients have booked outside of sessions from now on.
fn outside(transaction: &Transaction<'_>, found: &Leave, now: &str) -> Result<Vec<i64>, Error> {
    transaction.all(
        &leave::OUTSIDE_SESSIONS,
        params![found.doctor_id, found.date_from, found.date_to, now, NAMED_MAX],
        |row| row.integer(0),
    )
}
