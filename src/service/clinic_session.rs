//! Sessions: a doctor's bookable periods, and the places that they have.
//!
//! It never knows who takes a place. Invariant: no kind of place is ever given out more often than the session
//! has it; the database counts, and refuses one too many.

use super::Failure;
use super::booking::{Pool, Refusal};
use super::time::Now;
use super::words::words;
use crate::store::statements::clinic_session;
use crate::store::{Error, Row, Statement, Transaction, params};

words! {
    /// Whether a session takes place.
    pub enum SessionState, "a session is in a state" {
        Open = "open",
        /// The doctor does not come.
        Stopped = "stopped",
        /// It is over.
        Closed = "closed",
    }
}

impl SessionState {
    /// Where it may go from here.
    pub fn next(self) -> &'static [SessionState] {
        match self {
            SessionState::Open => &[SessionState::Stopped, SessionState::Closed],
            SessionState::Stopped => &[SessionState::Closed],
            SessionState::Closed => &[],
        }
    }
}

/// How many places of a kind there are, and how many are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    pub capacity: i64,
    pub booked: i64,
}

impl Places {
    pub fn remaining(self) -> i64 {
        (self.capacity - self.booked).max(0)
    }
}

/// A session. Times are in the hospital's own time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClinicSession {
    pub session_id: i64,
    pub doctor_id: i64,
    pub department: Option<String>,
    pub room: Option<String>,
    pub day: String,
    pub period: String,
    pub starts_at: String,
    pub ends_at: String,
    /// When its places online begin to be given out, if that is not at once.
    pub release_at: Option<String>,
    /// Until when they are, if that is not until its end.
    pub book_until: Option<String>,
    pub online: Places,
    pub onsite: Places,
    pub addon: Places,
    pub state: SessionState,
    pub stop_reason: Option<String>,
}

impl ClinicSession {
    fn from_row(row: &Row<'_>) -> Result<ClinicSession, Error> {
        let places = |capacity: usize| -> Result<Places, Error> {
            Ok(Places { capacity: row.integer(capacity)?, booked: row.integer(capacity + 1)? })
        };
        Ok(ClinicSession {
            session_id: row.integer(0)?,
            doctor_id: row.integer(1)?,
            department: row.optional_string(2)?,
            room: row.optional_string(3)?,
            day: row.string(4)?,
            period: row.string(5)?,
            starts_at: row.string(6)?,
            ends_at: row.string(7)?,
            release_at: row.optional_string(8)?,
            book_until: row.optional_string(9)?,
            online: places(10)?,
            onsite: places(12)?,
            addon: places(14)?,
            state: SessionState::parse(row.text(16)?)?,
            stop_reason: row.optional_string(17)?,
        })
    }

    /// All its places together, but those beyond the plan.
    pub fn planned(&self) -> i64 {
        self.online.capacity + self.onsite.capacity
    }

    /// Whether a place of a kind is left; a follow-up takes none.
    pub fn has_place(&self, pool: Pool) -> bool {
        match pool {
            Pool::Online => self.online.remaining() > 0,
            Pool::Onsite => self.onsite.remaining() > 0,
            Pool::Addon => self.addon.remaining() > 0,
            Pool::Followup => true,
        }
    }

    /// Whether a place of a kind may be given out now.
    pub fn check_open(&self, pool: Pool, now: &Now) -> Result<(), Refusal> {
        match self.state {
            SessionState::Open => {}
            SessionState::Stopped => {
                return Err(Refusal::SessionStopped { reason: self.stop_reason.clone() });
            }
            SessionState::Closed => return Err(Refusal::SessionClosed),
        }
        let now = now.time_text();
        let until = match (pool, &self.book_until) {
            (Pool::Online, Some(until)) => until,
            _ => &self.ends_at,
        };
        if now.as_str() >= until.as_str() {
            return Err(Refusal::BookingOver { until: until.clone() });
        }
        match &self.release_at {
            Some(opens_at) if pool == Pool::Online && now.as_str() < opens_at.as_str() => {
                Err(Refusal::NotOpen { opens_at: opens_at.clone() })
            }
            _ => Ok(()),
        }
    }
}

pub fn by_id(transaction: &Transaction<'_>, session_id: i64) -> Result<Option<ClinicSession>, Error> {
    transaction.first(&clinic_session::BY_ID, params![session_id], ClinicSession::from_row)
}

/// The session of a doctor that a time falls into, and whether the doctor has any on that day. One that takes
/// place comes before one that was stopped.
pub fn at(
    transaction: &Transaction<'_>,
    doctor_id: i64,
    day: &str,
    time: &str,
) -> Result<(Option<ClinicSession>, bool), Error> {
    let (mut found, mut has_any) = (None, false);
    transaction.each(&clinic_session::OF_DOCTOR_DAY, params![doctor_id, day], |row| {
        let session = ClinicSession::from_row(row)?;
        has_any = true;
        let is_better = found.as_ref().is_none_or(|other: &ClinicSession| other.stop_reason.is_some());
        if session.starts_at.as_str() <= time && time < session.ends_at.as_str() && is_better {
            found = Some(session);
        }
        Ok::<_, Error>(())
    })?;
    Ok((found, has_any))
}

/// The sessions of a doctor from one day to another that are in a state, in the order in which they begin.
pub fn of_doctor(
    transaction: &Transaction<'_>,
    doctor_id: i64,
    (from, to): (&str, &str),
    state: SessionState,
    limit: i64,
) -> Result<Vec<ClinicSession>, Error> {
    transaction.all(
        &clinic_session::OF_DOCTOR_DAYS,
        params![doctor_id, from, to, state.word(), limit],
        ClinicSession::from_row,
    )
}

/// When the next session ends that is not closed yet.
pub fn next_end(transaction: &Transaction<'_>) -> Result<Option<String>, Error> {
    let found = transaction.first(&clinic_session::NEXT_END, params![], |row| row.optional_string(0))?;
    Ok(found.flatten())
}

/// Sessions that are over and not closed yet, the oldest first.
pub fn over(transaction: &Transaction<'_>, limit: i64, now: &Now) -> Result<Vec<i64>, Error> {
    transaction.all(&clinic_session::OVER, params![now.time_text(), limit], |row| row.integer(0))
}

/// Which sessions to list.
#[derive(Debug, Clone, Copy)]
pub struct Filter<'a> {
    pub doctor_id: Option<i64>,
    pub department: Option<&'a str>,
    /// The first day, and the last one.
    pub from: &'a str,
    pub to: &'a str,
    /// The last one of the page before.
    pub after: i64,
}

/// Hands sessions to `sink` in the order in which they begin.
pub fn list(
    transaction: &Transaction<'_>,
    filter: &Filter<'_>,
    limit: i64,
    mut sink: impl FnMut(ClinicSession),
) -> Result<(), Error> {
    let Filter { doctor_id, department, from, to, after } = *filter;
    // Whatever begins on a day stands before this, and the day after it behind.
    let end = format!("{to} 24");
    let each = |row: &Row<'_>| {
        sink(ClinicSession::from_row(row)?);
        Ok(())
    };
    match doctor_id {
        None => transaction.each(&clinic_session::LIST, params![department, from, end, after, limit], each),
        Some(doctor_id) => transaction.each(
            &clinic_session::LIST_OF_DOCTOR,
            params![department, from, end, after, limit, doctor_id],
            each,
        ),
    }
}

/// Other sessions are looked for so many days ahead.
const ALTERNATIVES_DAYS: i64 = 14;

/// Other sessions of the doctor or the department with places online, from now on, the next ones after the session
/// first: what a patient is told who came too late. Of two at one time that of the doctor comes first.
pub fn alternatives(
    transaction: &Transaction<'_>,
    session: &ClinicSession,
    limit: i64,
    now: &Now,
) -> Result<Vec<ClinicSession>, Error> {
    let (id, doctor_id, wanted) = (session.session_id, session.doctor_id, session.starts_at.as_str());
    // One that is further away than those that are made ahead has others about it, too.
    let until = now.day_after(ALTERNATIVES_DAYS).max(session.day.clone());
    transaction.all(
        &clinic_session::ALTERNATIVES,
        params![session.department, doctor_id, now.time_text(), id, limit, now.day(), until, wanted],
        ClinicSession::from_row,
    )
}

fn taking(pool: Pool) -> Option<&'static Statement> {
    match pool {
        Pool::Online => Some(&clinic_session::TAKE_ONLINE),
        Pool::Onsite => Some(&clinic_session::TAKE_ONSITE),
        Pool::Addon => Some(&clinic_session::TAKE_ADDON),
        Pool::Followup => None,
    }
}

fn giving(pool: Pool) -> Option<&'static Statement> {
    match pool {
        Pool::Online => Some(&clinic_session::GIVE_ONLINE),
        Pool::Onsite => Some(&clinic_session::GIVE_ONSITE),
        Pool::Addon => Some(&clinic_session::GIVE_ADDON),
        Pool::Followup => None,
    }
}

/// Takes a place.
pub fn take(transaction: &Transaction<'_>, session_id: i64, pool: Pool) -> Result<(), Failure<Refusal>> {
    let Some(statement) = taking(pool) else { return Ok(()) };
    match transaction.execute(statement, params![session_id])? {
        0 => Err(Failure::Refused(Refusal::SessionFull)),
        _ => Ok(()),
    }
}

/// Gives a place back.
pub fn give_back(transaction: &Transaction<'_>, session_id: i64, pool: Pool) -> Result<(), Error> {
    let Some(statement) = giving(pool) else { return Ok(()) };
    match transaction.execute(statement, params![session_id])? {
        0 => Err(Error::Other("a session was given back a place that nobody had taken".into())),
        _ => Ok(()),
    }
}
