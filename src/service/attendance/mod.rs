//! Attendance: doctors clock in for a session, and clock out.
//!
//! It never knows what is made of it; `list` derives who came late or not at all. Invariants: a doctor clocks in
//! once for a session, and is in one place at a time; each shift has its row in the old schema.

mod list;

pub use list::{Filter, Item, Mark, Presence, Scope, list};

use super::clinic_session::{self, ClinicSession, SessionState};
use super::queue::QueueRules;
use super::time::{AppointmentTime, Now};
use super::{Failure, refuse};
use crate::store::statements::attendance;
use crate::store::{Error, Row, Transaction, params};

/// Doctors clock in so many minutes before their session begins, and not sooner.
pub const EARLY_MIN: i64 = 120;

/// The time for which a doctor is there. Times are in the hospital's own time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    pub attendance_id: i64,
    pub doctor_id: i64,
    /// None where the doctor came without one.
    pub session_id: Option<i64>,
    pub clocked_in_at: String,
    pub clocked_out_at: Option<String>,
    /// Nobody clocked out, and the next clocking in has ended it.
    pub is_out_assumed: bool,
    session_ends_at: Option<String>,
}

impl Shift {
    fn from_row(row: &Row<'_>) -> Result<Shift, Error> {
        Ok(Shift {
            attendance_id: row.integer(0)?,
            doctor_id: row.integer(1)?,
            session_id: row.optional_integer(2)?,
            clocked_in_at: row.string(3)?,
            clocked_out_at: row.optional_string(4)?,
            is_out_assumed: row.value(5)?.is_true(),
            session_ends_at: row.optional_string(6)?,
        })
    }

    /// When it ends by itself: with its session, or with its day.
    fn ends_at(&self) -> String {
        match &self.session_ends_at {
            Some(ends_at) => ends_at.clone(),
            None => format!("{} 23:59:59", self.clocked_in_at.get(..10).unwrap_or_default()),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    UnknownSession,
    SessionStopped {
        reason: Option<String>,
    },
    SessionClosed,
    TooEarly {
        opens_at: String,
    },
    /// The doctor is there already, or was.
    AlreadyIn {
        attendance_id: i64,
    },
    /// There is nothing to clock out of.
    NotIn,
}

pub type Outcome<T> = Result<T, Failure<Refusal>>;

/// A doctor comes: for the session that is named, or else for the one that runs or begins soon, or else without
/// one. A shift that is open still ends then.
pub fn clock_in(
    transaction: &Transaction<'_>,
    doctor_id: i64,
    session_id: Option<i64>,
    now: &Now,
) -> Outcome<Shift> {
    let open = transaction.first(&attendance::OPEN, params![doctor_id], Shift::from_row)?;
    let session_id = match session_id {
        Some(session_id) => Some(named(transaction, doctor_id, session_id, now)?),
        None => {
            let next = next_session(transaction, doctor_id, now)?;
            if let Some(open) = &open {
                let is_over = open.ends_at() <= now.time_text();
                if !is_over && (open.session_id.is_some() || next.is_none()) {
                    return refuse(Refusal::AlreadyIn { attendance_id: open.attendance_id });
                }
            }
            next
        }
    };
    if let Some(open) = open {
        let ends_at = open.ends_at().min(now.time_text()).max(open.clocked_in_at.clone());
        end(transaction, open.attendance_id, &ends_at, true, now)?;
    }
    let attendance_id = transaction.insert(&attendance::ADD_ROW, params![doctor_id, now.time_text()])?;
    transaction.execute(&attendance::INSERT, params![attendance_id, doctor_id, session_id, now.unix_ms])?;
    known(transaction, attendance_id)
}

/// A session of the doctor's for which they may come now.
fn named(transaction: &Transaction<'_>, doctor_id: i64, session_id: i64, now: &Now) -> Outcome<i64> {
    let session = clinic_session::by_id(transaction, session_id)?
        .filter(|session| session.doctor_id == doctor_id)
        .ok_or(Failure::Refused(Refusal::UnknownSession))?;
    match session.state {
        SessionState::Open if session.ends_at > now.time_text() => {}
        SessionState::Stopped => return refuse(Refusal::SessionStopped { reason: session.stop_reason }),
        SessionState::Open | SessionState::Closed => return refuse(Refusal::SessionClosed),
    }
    let opens_at = opens_at(&session)?;
    if opens_at > now.time_text() {
        return refuse(Refusal::TooEarly { opens_at });
    }
    match shift_of(transaction, doctor_id, session_id)? {
        Some(attendance_id) => refuse(Refusal::AlreadyIn { attendance_id }),
        None => Ok(session_id),
    }
}

fn opens_at(session: &ClinicSession) -> Result<String, Error> {
    AppointmentTime::parse(&session.starts_at)
        .and_then(|starts| starts.plus_minutes(-EARLY_MIN))
        .map(|time| time.to_string())
        .ok_or_else(|| Error::Other("a session has no times".into()))
}

fn shift_of(transaction: &Transaction<'_>, doctor_id: i64, session_id: i64) -> Result<Option<i64>, Error> {
    transaction.first(&attendance::OF_SESSION, params![doctor_id, session_id], |row| row.integer(0))
}

/// The session that runs or begins soon, and for which the doctor has not come yet.
fn next_session(transaction: &Transaction<'_>, doctor_id: i64, now: &Now) -> Result<Option<i64>, Error> {
    /// A doctor's day has fewer sessions.
    const SESSIONS_MAX: i64 = 50;
    let (today, tomorrow) = (now.day(), now.day_after(1));
    let open = clinic_session::of_doctor(
        transaction,
        doctor_id,
        (today, &tomorrow),
        SessionState::Open,
        SESSIONS_MAX,
    )?;
    for session in open {
        let is_near = session.ends_at > now.time_text() && opens_at(&session)? <= now.time_text();
        if is_near && shift_of(transaction, doctor_id, session.session_id)?.is_none() {
            return Ok(Some(session.session_id));
        }
    }
    Ok(None)
}

/// A doctor goes.
pub fn clock_out(transaction: &Transaction<'_>, doctor_id: i64, now: &Now) -> Outcome<Shift> {
    let Some(open) = transaction.first(&attendance::OPEN, params![doctor_id], Shift::from_row)? else {
        return refuse(Refusal::NotIn);
    };
    end(transaction, open.attendance_id, &now.time_text(), false, now)?;
    known(transaction, open.attendance_id)
}

fn end(
    transaction: &Transaction<'_>,
    attendance_id: i64,
    at: &str,
    is_assumed: bool,
    now: &Now,
) -> Result<(), Error> {
    let out_ms = AppointmentTime::parse(at).and_then(|time| now.unix_ms_of(&time)).unwrap_or(now.unix_ms);
    transaction.execute(&attendance::END, params![attendance_id, out_ms, is_assumed])?;
    transaction.execute(&attendance::END_ROW, params![attendance_id, at])?;
    Ok(())
}

fn known(transaction: &Transaction<'_>, attendance_id: i64) -> Outcome<Shift> {
    transaction
        .first(&attendance::BY_ID, params![attendance_id], Shift::from_row)?
        .ok_or_else(|| Error::Other("a shift that was just written is gone".into()).into())
}

/// Whether a session may call its patients as far as its doctor's attendance goes.
pub(super) fn lets_call(
    transaction: &Transaction<'_>,
    session: &ClinicSession,
    rules: &QueueRules,
) -> Result<bool, Error> {
    if !rules.require_clock_in {
        return Ok(true);
    }
    let there = transaction.first(
        &attendance::IS_THERE,
        params![session.doctor_id, session.session_id, session.day],
        |row| row.integer(0),
    )?;
    Ok(there.is_some())
}
