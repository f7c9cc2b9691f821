//! Giving someone a place in a session.
//!
//! It never knows who asks. Invariant: the place is taken, the number given and the appointment written in one
//! step, or nothing is.

use super::conflict::{Override, Visit, check, check_holds, check_penalty};
use super::{BookingRules, Outcome, Pool, Refusal, State, refuse};
use crate::service::block::{self, Hours, Span};
use crate::service::changes::Changes;
use crate::service::clinic_session::{self, ClinicSession};
use crate::service::memory::Memory;
use crate::service::time::{AppointmentTime, Now};
use crate::store::statements::{appointment, booking, patient};
use crate::store::{Error, Transaction, params};

pub struct NewBooking {
    pub session_id: i64,
    pub patient_id: i64,
    /// Held or booked.
    pub state: State,
    pub pool: Pool,
    /// The appointment that a follow-up follows.
    pub origin_id: Option<i64>,
    /// In fen; the doctor's, where none is given.
    pub fee_fen: Option<i64>,
    pub is_paid: bool,
    pub reason: Option<String>,
    /// Whether the rules about the patient are set aside.
    pub rules_are: Override,
    /// Who asks.
    pub by: Option<i64>,
}

/// A place that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub appointment_id: i64,
    /// Counts the appointments of the doctor's day.
    pub queue_number: i64,
    /// About when the patient is seen.
    pub time: String,
    /// For a hold: when it expires, in milliseconds since 1970.
    pub expires_ms: Option<i64>,
}

pub fn place(
    transaction: &Transaction<'_>,
    new: &NewBooking,
    rules: &BookingRules,
    memory: &mut Memory,
    changes: &mut Changes,
    now: &Now,
) -> Outcome<Placed> {
    let Some(session) = clinic_session::by_id(transaction, new.session_id)? else {
        return refuse(Refusal::UnknownSession);
    };
    if let Err(refusal) = session.check_open(new.pool, now) {
        return refuse(refusal);
    }
    if transaction.first(&patient::EXISTS, params![new.patient_id], |row| row.integer(0))?.is_none() {
        return refuse(Refusal::UnknownPatient);
    }
    let (starts, ends) = visit(transaction, &session, new.pool, now)?;
    if new.rules_are == Override::No && new.pool != Pool::Followup {
        check_penalty(transaction, new.patient_id, new.pool, now)?;
        let visit = Visit { starts_at: starts.as_str(), ends_at: ends.as_str() };
        check(transaction, &session, new.patient_id, &visit, None, rules)?;
        // Nobody has asked for what is offered.
        if new.state == State::Held && new.by.is_some() {
            check_holds(transaction, session.session_id, new.patient_id, rules, now)?;
        }
    }
    clinic_session::take(transaction, session.session_id, new.pool)?;
    let day = memory.day(transaction, session.doctor_id, &starts)?.one_more()?;
    let queue_number = day.highest_number;
    let appointment_id = transaction.insert(
        &appointment::INSERT,
        params![
            new.patient_id,
            session.doctor_id,
            starts.as_str(),
            new.state.status().word(),
            new.is_paid,
            queue_number,
            now.utc
        ],
    )?;
    memory.set_day(session.doctor_id, &starts, day);
    let expires_ms = (new.state == State::Held).then(|| now.unix_ms + rules.hold_ms);
    transaction.execute(
        &booking::INSERT,
        params![
            appointment_id,
            session.session_id,
            new.patient_id,
            session.day,
            session.department,
            starts.as_str(),
            ends.as_str(),
            new.state.word(),
            new.pool.word(),
            expires_ms,
            new.origin_id,
            new.fee_fen,
            new.reason,
            new.by,
            now.unix_ms,
            false
        ],
    )?;
    changes.sessions.insert(session.session_id);
    changes.appointments.insert(appointment_id);
    Ok(Placed { appointment_id, queue_number, time: starts.to_string(), expires_ms })
}

/// About when the next patient of a session is seen: its hours that are not blocked are shared out among its
/// planned places, and those beyond the plan come at its end. Nobody is told a time that has passed.
pub(super) fn visit(
    transaction: &Transaction<'_>,
    session: &ClinicSession,
    pool: Pool,
    now: &Now,
) -> Outcome<(AppointmentTime, AppointmentTime)> {
    let unfit = || Error::Other(format!("session {} has no times", session.session_id));
    let left = hours_left(transaction, session)?;
    let minutes = left.iter().map(|(from, to)| from.minutes_until(to)).sum::<i64>().max(1);
    let planned = session.planned().max(1);
    let before = match pool {
        Pool::Online | Pool::Onsite => (session.online.booked + session.onsite.booked).min(planned - 1),
        Pool::Addon | Pool::Followup => planned - 1,
    };
    let (mut behind, length) = (minutes * before / planned, (minutes / planned).max(1));
    let earliest = next_minute(now).ok_or_else(unfit)?;
    for (place, (from, to)) in left.iter().enumerate() {
        let (here, is_last) = (from.minutes_until(to), place + 1 == left.len());
        if behind >= here && here > 0 {
            behind -= here;
            continue;
        }
        let mut begin = from.plus_minutes(behind).ok_or_else(unfit)?;
        if begin.as_str() < earliest.as_str() {
            if earliest.as_str() >= to.as_str() && !is_last {
                behind = 0;
                continue;
            }
            begin = earliest;
            check_blocks(transaction, session, &begin)?;
        }
        let end = begin.plus_minutes(length).ok_or_else(unfit)?;
        // A block cuts short who is seen before it; the end of the session does not.
        return Ok((begin, if end.as_str() > to.as_str() && !is_last { *to } else { end }));
    }
    Err(unfit().into())
}

/// The whole minute that is now, or else the next one.
fn next_minute(now: &Now) -> Option<AppointmentTime> {
    let text = now.time_text();
    let begun = AppointmentTime::parse(text.get(..16)?)?;
    if begun.as_str() < text.as_str() { begun.plus_minutes(1) } else { Some(begun) }
}

/// The hours of a session that are not blocked; where all are, it does not take place.
fn hours_left(
    transaction: &Transaction<'_>,
    session: &ClinicSession,
) -> Outcome<Vec<(AppointmentTime, AppointmentTime)>> {
    let hours = Hours { starts_at: &session.starts_at, ends_at: &session.ends_at };
    let blocks = block::within(transaction, session.doctor_id, session.department.as_deref(), &hours)?;
    let left = block::left(&hours, &blocks);
    if left.is_empty() {
        let reason = blocks.into_iter().next().map(|block| block.reason);
        return refuse(Refusal::SessionStopped { reason });
    }
    let time = |text: &str| AppointmentTime::parse(text);
    let times = left.iter().map(|(from, to)| Some((time(from)?, time(to)?))).collect();
    match times {
        Some(times) => Ok(times),
        None => Err(Error::Other(format!("session {} has no times", session.session_id)).into()),
    }
}

/// Refuses a time of a session that is blocked.
pub(super) fn check_blocks(
    transaction: &Transaction<'_>,
    session: &ClinicSession,
    time: &AppointmentTime,
) -> Outcome<()> {
    let hours = Hours { starts_at: &session.starts_at, ends_at: &session.ends_at };
    let blocks = block::within(transaction, session.doctor_id, session.department.as_deref(), &hours)?;
    let is_within = |block: &Span| block.from.as_str() <= time.as_str() && time.as_str() < block.to.as_str();
    match blocks.into_iter().find(is_within) {
        Some(block) => refuse(Refusal::SessionStopped { reason: Some(block.reason) }),
        None => Ok(()),
    }
}

/// How long a patient of a session is seen, in minutes.
pub(super) fn visit_minutes(transaction: &Transaction<'_>, session: &ClinicSession) -> Outcome<i64> {
    let left = hours_left(transaction, session)?;
    let minutes: i64 = left.iter().map(|(from, to)| from.minutes_until(to)).sum();
    Ok((minutes.max(1) / session.planned().max(1)).max(1))
}
