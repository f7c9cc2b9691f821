//! Leave: a doctor asks for days, and the head of their department or an administrator decides.
//!
//! It never knows what becomes of the sessions; `approve` does. Invariants: a leave goes only where `State::next`
//! lets it; nobody decides on their own; the old schema's row always says the same in its own three words.

mod approve;

pub use approve::{Approval, Approved, Fate, approve};

use super::clinic_session::{self, SessionState};
use super::time::{AppointmentTime, Now, is_date};
use super::words::words;
use super::{Failure, refuse, schedule};
use crate::store::statements::{doctor, leave};
use crate::store::{Error, Row, Statement, Transaction, params};

/// More days than one leave has.
pub const DAYS_MAX: i64 = 100;
/// Who was ill asks afterwards; what is longer ago is nothing to be decided on.
pub const DAYS_BEFORE_MAX: i64 = 31;
/// How far ahead a leave begins.
pub const DAYS_AHEAD_MAX: i64 = 366;

words! {
    /// Where a leave stands.
    pub enum State, "a leave is in a state" {
        Pending = "pending",
        Approved = "approved",
        Rejected = "rejected",
        /// Taken back, by the doctor or by whoever decides.
        Revoked = "revoked",
    }
}

impl State {
    /// Where it may go from here.
    pub fn next(self) -> &'static [State] {
        match self {
            State::Pending => &[State::Approved, State::Rejected, State::Revoked],
            State::Approved => &[State::Revoked],
            State::Rejected | State::Revoked => &[],
        }
    }

    /// In the old schema's words.
    fn status(self) -> &'static str {
        match self {
            State::Revoked => State::Rejected.word(),
            other => other.word(),
        }
    }
}

/// A leave. What an old client has asked for may have days that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave {
    pub leave_id: i64,
    pub doctor_id: i64,
    pub doctor_name: Option<String>,
    pub department: Option<String>,
    pub date_from: String,
    pub date_to: String,
    pub reason: Option<String>,
    pub state: State,
    /// Who is to take the sessions over.
    pub substitute_id: Option<i64>,
    exception_id: Option<i64>,
    /// None where an old client has asked.
    pub requested_ms: Option<i64>,
    pub decided_by: Option<i64>,
    pub decided_ms: Option<i64>,
    pub decision_reason: Option<String>,
    /// Who leads the doctor's department.
    pub head_id: Option<i64>,
}

impl Leave {
    fn from_row(row: &Row<'_>) -> Result<Leave, Error> {
        Ok(Leave {
            leave_id: row.integer(0)?,
            doctor_id: row.integer(1)?,
            doctor_name: row.optional_string(2)?,
            department: row.optional_string(3)?,
            date_from: row.string(4)?,
            date_to: row.string(5)?,
            reason: row.optional_string(6)?,
            state: State::parse(row.text(7)?)?,
            substitute_id: row.optional_integer(8)?,
            exception_id: row.optional_integer(9)?,
            requested_ms: row.optional_integer(10)?,
            decided_by: row.optional_integer(11)?,
            decided_ms: row.optional_integer(12)?,
            decision_reason: row.optional_string(13)?,
            head_id: row.optional_integer(14)?,
        })
    }

    /// The doctor who decides on it; none where only administrators do.
    pub fn decider(&self) -> Option<i64> {
        self.head_id.filter(|head_id| *head_id != self.doctor_id)
    }
}

#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    UnknownLeave,
    UnknownDoctor,
    /// The substitute is the doctor who asks.
    OwnSubstitute,
    /// The last day is before the first, or one of them cannot be read.
    BadDays,
    /// It begins too long ago, or too far ahead.
    FarAway,
    /// The days are too many, or what is booked in them.
    TooLarge,
    /// The doctor has another one in those days.
    Overlaps {
        leave_id: i64,
    },
    /// Nobody decides on their own.
    Own,
    /// Only the doctor withdraws what is not decided on.
    NotTheDoctor,
    TooLate {
        until: String,
    },
    BadTransition {
        from: State,
        to: State,
    },
}

pub type Outcome<T> = Result<T, Failure<Refusal>>;

pub struct NewLeave<'a> {
    pub doctor_id: i64,
    pub date_from: &'a str,
    pub date_to: &'a str,
    pub reason: &'a str,
    pub substitute_id: Option<i64>,
}

/// Asks for leave. Returns its id.
pub fn request(transaction: &Transaction<'_>, new: &NewLeave<'_>, now: &Now) -> Outcome<i64> {
    check_days(new.date_from, new.date_to)?;
    if !now.is_near(new.date_from, DAYS_BEFORE_MAX, DAYS_AHEAD_MAX) {
        return refuse(Refusal::FarAway);
    }
    check_doctor(transaction, new.doctor_id)?;
    if let Some(substitute_id) = new.substitute_id {
        check_substitute(transaction, substitute_id, new.doctor_id)?;
    }
    let overlapping = transaction.first(
        &leave::OVERLAPPING,
        params![new.doctor_id, new.date_from, new.date_to],
        |row| row.integer(0),
    )?;
    if let Some(leave_id) = overlapping {
        return refuse(Refusal::Overlaps { leave_id });
    }
    let leave_id = transaction.insert(
        &leave::ADD_REQUEST,
        params![new.doctor_id, new.date_from, new.date_to, new.reason, now.utc],
    )?;
    transaction.execute(
        &leave::INSERT,
        params![leave_id, new.doctor_id, new.date_from, new.date_to, new.substitute_id, now.unix_ms],
    )?;
    Ok(leave_id)
}

fn check_days(from: &str, to: &str) -> Outcome<()> {
    let noon = |day: &str| AppointmentTime::parse(&format!("{day} 12:00")).filter(|_| is_date(day));
    let (Some(first), Some(last)) = (noon(from), noon(to)) else { return refuse(Refusal::BadDays) };
    match first.minutes_until(&last) / (24 * 60) {
        ..0 => refuse(Refusal::BadDays),
        days if days >= DAYS_MAX => refuse(Refusal::TooLarge),
        _ => Ok(()),
    }
}

fn check_doctor(transaction: &Transaction<'_>, doctor_id: i64) -> Outcome<()> {
    match transaction.first(&doctor::EXISTS, params![doctor_id], |row| row.integer(0))? {
        Some(_) => Ok(()),
        None => refuse(Refusal::UnknownDoctor),
    }
}

fn check_substitute(transaction: &Transaction<'_>, substitute_id: i64, doctor_id: i64) -> Outcome<()> {
    if substitute_id == doctor_id {
        return refuse(Refusal::OwnSubstitute);
    }
    check_doctor(transaction, substitute_id)
}

fn known(transaction: &Transaction<'_>, leave_id: i64) -> Outcome<Leave> {
    by_id(transaction, leave_id)?.ok_or(Failure::Refused(Refusal::UnknownLeave))
}

/// A leave that may go there.
fn going(transaction: &Transaction<'_>, leave_id: i64, to: State) -> Outcome<Leave> {
    let found = known(transaction, leave_id)?;
    if !found.state.next().contains(&to) {
        return refuse(Refusal::BadTransition { from: found.state, to });
    }
    Ok(found)
}

/// Writes a step that has been found right, here and in the old schema.
fn step(
    transaction: &Transaction<'_>,
    found: &Leave,
    to: State,
    by: i64,
    reason: Option<&str>,
    now: &Now,
) -> Result<(), Error> {
    transaction.execute(
        &leave::DECIDE,
        params![
            found.leave_id,
            found.doctor_id,
            found.date_from,
            found.date_to,
            to.word(),
            found.substitute_id,
            found.exception_id,
            by,
            now.unix_ms,
            reason
        ],
    )?;
    transaction.execute(&leave::SET_STATUS, params![found.leave_id, to.status()])?;
    Ok(())
}

pub fn reject(
    transaction: &Transaction<'_>,
    leave_id: i64,
    by: i64,
    reason: &str,
    now: &Now,
) -> Outcome<Leave> {
    let found = going(transaction, leave_id, State::Rejected)?;
    if found.doctor_id == by {
        return refuse(Refusal::Own);
    }
    step(transaction, &found, State::Rejected, by, Some(reason), now)?;
    known(transaction, leave_id)
}

/// What is left after a leave was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    pub leave: Leave,
    /// The doctor's sessions in what is left of those days that were stopped, and stay so.
    pub stopped: Vec<i64>,
}

/// Takes a leave back: the doctor until it begins, whoever decides until it is over. From then on sessions are
/// made in those days again; those that were stopped stay so.
pub fn revoke(
    transaction: &Transaction<'_>,
    leave_id: i64,
    by: i64,
    reason: Option<&str>,
    now: &Now,
) -> Outcome<Revoked> {
    let mut found = going(transaction, leave_id, State::Revoked)?;
    let is_own = found.doctor_id == by;
    let until = match (found.state, is_own) {
        (State::Pending, false) => return refuse(Refusal::NotTheDoctor),
        (State::Pending, true) => None,
        (_, true) if now.day() >= found.date_from.as_str() => Some(format!("{} 00:00:00", found.date_from)),
        (_, false) if now.day() > found.date_to.as_str() => Some(format!("{} 23:59:59", found.date_to)),
        _ => None,
    };
    if let Some(until) = until {
        return refuse(Refusal::TooLate { until });
    }
    if let Some(exception_id) = found.exception_id.take() {
        match schedule::remove_exception(transaction, exception_id) {
            // Someone may have removed it by hand.
            Ok(()) | Err(Failure::Refused(_)) => {}
            Err(Failure::Fault(fault)) => return Err(fault.into()),
        }
    }
    step(transaction, &found, State::Revoked, by, reason, now)?;
    let days = (found.date_from.as_str().max(now.day()), found.date_to.as_str());
    let (stopped, max) = (SessionState::Stopped, approve::SESSIONS_MAX);
    let stopped = match found.state {
        State::Approved => clinic_session::of_doctor(transaction, found.doctor_id, days, stopped, max)?,
        _ => Vec::new(),
    };
    let stopped = stopped.into_iter().map(|session| session.session_id).collect();
    Ok(Revoked { leave: known(transaction, leave_id)?, stopped })
}

pub fn by_id(transaction: &Transaction<'_>, leave_id: i64) -> Result<Option<Leave>, Error> {
    transaction.first(&leave::BY_ID, params![leave_id], Leave::from_row)
}

/// Whether a doctor is on leave on a day.
pub fn covers(transaction: &Transaction<'_>, doctor_id: i64, day: &str) -> Result<bool, Error> {
    Ok(transaction.first(&leave::COVERS, params![doctor_id, day], |row| row.integer(0))?.is_some())
}

/// Whose leaves to list.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    All,
    Doctor(i64),
    Department(&'a str),
}

/// Hands leaves to `sink`, the latest first; with `is_pending` only those that are to be decided on. `before` is
/// the last one of the page before, `i64::MAX` for the first page.
pub fn list(
    transaction: &Transaction<'_>,
    scope: Scope<'_>,
    is_pending: bool,
    before: i64,
    limit: i64,
    mut sink: impl FnMut(Leave),
) -> Result<(), Error> {
    let each = |row: &Row<'_>| {
        sink(Leave::from_row(row)?);
        Ok(())
    };
    match scope {
        Scope::Doctor(doctor_id) => {
            transaction.each(&leave::OF_DOCTOR, params![doctor_id, before, is_pending, limit], each)
        }
        Scope::Department(name) => {
            transaction.each(&leave::OF_DEPARTMENT, params![name, before, is_pending, limit], each)
        }
        Scope::All => {
            let statement: &Statement = if is_pending { &leave::PENDING } else { &leave::LIST };
            transaction.each(statement, params![before, limit], each)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_words_are_three() {
        for state in State::ALL {
            assert!(["pending", "approved", "rejected"].contains(&state.status()), "{state:?}");
        }
    }

    #[test]
    fn days_of_a_leave() {
        let is = |from: &str, to: &str| match check_days(from, to) {
            Ok(()) => "good",
            Err(Failure::Refused(Refusal::BadDays)) => "bad",
            Err(Failure::Refused(Refusal::TooLarge)) => "many",
            Err(other) => panic!("{other:?}"),
        };
        for (from, to, expected) in [
            ("2026-01-05", "2026-01-05", "good"),
            ("2026-01-05", "2026-04-14", "good"),
            ("2026-01-05", "2026-04-15", "many"),
            ("2026-01-05", "2026-01-04", "bad"),
            ("2026-1-5", "2026-01-06", "bad"),
            ("2026-02-28", "2026-02-30", "bad"),
        ] {
            assert_eq!(is(from, to), expected, "{from} {to}");
        }
    }
}
