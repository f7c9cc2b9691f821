//! Whether a patient may have another appointment.
//!
//! It never knows whether a session has a place. Invariant: nobody is in two places at a time, unless someone
//! of the staff has said so for a reason.

use super::super::clinic_session::ClinicSession;
use super::super::time::{MINUTE_MS, Now};
use super::place::visit;
use super::{BookingRules, Outcome, Pool, Refusal, refuse};
use crate::store::statements::{appointment, booking, penalty};
use crate::store::{Error, Transaction, params};

/// Of what a patient has one a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitScope {
    Session,
    Doctor,
    Department,
    /// Any number.
    None,
}

/// Whether the staff has set the rules about a patient aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Override {
    No,
    Yes,
}

/// About when a patient is seen.
pub(super) struct Visit<'a> {
    pub starts_at: &'a str,
    pub ends_at: &'a str,
}

/// Refuses a patient who is somewhere else at that time; `own` is an appointment that does not count.
pub(super) fn check_time(
    transaction: &Transaction<'_>,
    session: &ClinicSession,
    patient_id: i64,
    visit: &Visit<'_>,
    own: Option<i64>,
) -> Outcome<()> {
    let own = own.unwrap_or(0);
    let overlapping = transaction.first(
        &booking::OVERLAPPING,
        params![patient_id, session.day, visit.starts_at, visit.ends_at, own],
        |row| row.integer(0),
    )?;
    if let Some(appointment_id) = overlapping {
        return refuse(Refusal::PatientBusy { appointment_id });
    }
    // What was booked over the old dialect has a time and no length.
    let same_time =
        transaction.first(&appointment::PATIENT_HAS, params![patient_id, visit.starts_at, own], |row| {
            row.integer(0)
        })?;
    match same_time {
        Some(appointment_id) => refuse(Refusal::PatientBusy { appointment_id }),
        None => Ok(()),
    }
}

/// Refuses what a patient may not have beside what they have; `own` is an appointment that does not count.
pub(super) fn check(
    transaction: &Transaction<'_>,
    session: &ClinicSession,
    patient_id: i64,
    visit: &Visit<'_>,
    own: Option<i64>,
    rules: &BookingRules,
) -> Outcome<()> {
    check_time(transaction, session, patient_id, visit, own)?;
    let own = own.unwrap_or(0);
    let (scope, doctor_id, session_id) = match rules.limit_scope {
        LimitScope::None => return Ok(()),
        LimitScope::Session => (None, None, Some(session.session_id)),
        LimitScope::Doctor => (None, Some(session.doctor_id), None),
        // Where nobody knows the department, the doctor stands for it.
        LimitScope::Department => match session.department.as_deref() {
            Some(department) => (Some(department), None, None),
            None => (None, Some(session.doctor_id), None),
        },
    };
    let another = transaction.first(
        &booking::OTHER_OF_DAY,
        params![patient_id, session.day, own, scope, doctor_id, session_id],
        |row| row.integer(0),
    )?;
    match another {
        Some(appointment_id) => refuse(Refusal::LimitReached { appointment_id }),
        None => Ok(()),
    }
}

/// Refuses a patient who has a place of a session, or could not book one online if there were one.
pub(in crate::service) fn check_patient(
    transaction: &Transaction<'_>,
    session: &ClinicSession,
    patient_id: i64,
    rules: &BookingRules,
    now: &Now,
) -> Outcome<()> {
    let own = transaction.first(
        &booking::OTHER_OF_DAY,
        params![patient_id, session.day, 0, None::<&str>, None::<i64>, session.session_id],
        |row| row.integer(0),
    )?;
    if let Some(appointment_id) = own {
        return refuse(Refusal::LimitReached { appointment_id });
    }
    check_penalty(transaction, patient_id, Pool::Online, now)?;
    let mut freed = session.clone();
    freed.online.booked = (freed.online.booked - 1).max(0);
    let (starts, ends) = visit(transaction, &freed, Pool::Online, now)?;
    let visit = Visit { starts_at: starts.as_str(), ends_at: ends.as_str() };
    check(transaction, session, patient_id, &visit, None, rules)
}

/// Refuses a booking online by a patient who did not come too often.
pub(super) fn check_penalty(
    transaction: &Transaction<'_>,
    patient_id: i64,
    pool: Pool,
    now: &Now,
) -> Outcome<()> {
    if pool != Pool::Online {
        return Ok(());
    }
    let blocked =
        transaction.first(&penalty::BLOCKED, params![patient_id, now.day()], |row| row.string(0))?;
    match blocked {
        Some(blocked_until) => refuse(Refusal::Penalised { blocked_until }),
        None => Ok(()),
    }
}

/// Refuses another hold of a session to whoever would keep a place of it from others by one hold after another.
pub(super) fn check_holds(
    transaction: &Transaction<'_>,
    session_id: i64,
    patient_id: i64,
    rules: &BookingRules,
    now: &Now,
) -> Outcome<()> {
    if rules.holds_max == 0 {
        return Ok(());
    }
    let window_ms = rules.holds_window_min * MINUTE_MS;
    let lost_ms = transaction.first(
        &booking::LOST_HOLD,
        params![patient_id, session_id, now.unix_ms - window_ms, rules.holds_max],
        |row| row.integer(0),
    )?;
    match lost_ms {
        Some(lost_ms) => refuse(Refusal::TooManyHolds { retry_after_ms: lost_ms + window_ms - now.unix_ms }),
        None => Ok(()),
    }
}

/// Counts what a patient did not come to, and blocks them where it was too often.
pub(super) fn penalise(
    transaction: &Transaction<'_>,
    patient_id: i64,
    rules: &BookingRules,
    now: &Now,
) -> Result<(), Error> {
    if rules.no_shows_max == 0 {
        return Ok(());
    }
    let since = now.day_after(-rules.no_show_window_days);
    let count = transaction.first(&penalty::NO_SHOWS, params![patient_id, since], |row| row.integer(0))?;
    if count.unwrap_or(0) >= rules.no_shows_max {
        transaction.execute(&penalty::BLOCK, params![patient_id, now.day_after(rules.no_show_block_days)])?;
    }
    Ok(())
}

/// Something does not count any longer that a patient did not come to: a block that rests on it ends.
pub(super) fn pardon(
    transaction: &Transaction<'_>,
    patient_id: i64,
    rules: &BookingRules,
    now: &Now,
) -> Result<(), Error> {
    let since = now.day_after(-rules.no_show_window_days);
    transaction.execute(&penalty::PARDON, params![patient_id, since, now.day(), rules.no_shows_max])?;
    Ok(())
}

/// Lets a patient book online again. Returns whether they could not.
pub fn lift_penalty(
    transaction: &Transaction<'_>,
    patient_id: i64,
    by: i64,
    reason: &str,
    now: &Now,
) -> Result<bool, Error> {
    Ok(transaction.execute(&penalty::LIFT, params![patient_id, now.day(), by, reason])? > 0)
}
