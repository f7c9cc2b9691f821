//! Who was there, who came late, went early, or did not come: derived from sessions, shifts and leave.
//!
//! It never changes anything, and stores nothing of what it derives. Invariant: what is listed is in one order,
//! by doctor and time, so that a page begins where the one before has ended.

use super::super::clinic_session;
use super::super::queue::QueueRules;
use super::super::time::{AppointmentTime, Now};
use crate::service::words::words;
use crate::store::statements::attendance;
use crate::store::{Error, Row, Transaction, params};

words! {
    /// Whether a doctor was there for a session.
    pub enum Presence {
        Present = "present",
        /// The session is over, or an old client has said so.
        Absent = "absent",
        OnLeave = "on_leave",
        /// The session goes on, and they have not come yet.
        Expected = "expected",
    }
}

/// What an item of the list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Session(i64),
    /// A shift without a session.
    Shift(i64),
}

impl Mark {
    fn key(self) -> (i64, i64) {
        match self {
            Mark::Session(id) => (0, id),
            Mark::Shift(id) => (1, id),
        }
    }
}

/// A session that has begun, or a shift without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub mark: Mark,
    pub doctor_id: i64,
    pub day: String,
    pub session_id: Option<i64>,
    pub starts_at: Option<String>,
    pub ends_at: Option<String>,
    pub attendance_id: Option<i64>,
    pub clocked_in_at: Option<String>,
    pub clocked_out_at: Option<String>,
    pub is_out_assumed: bool,
    pub presence: Presence,
    /// Came later than some minutes after the session's beginning.
    pub is_late: bool,
    /// Went before the session's end.
    pub is_early: bool,
}

/// Whose attendance to list.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    Doctor(i64),
    Department(&'a str),
}

/// Which attendance to list.
#[derive(Debug, Clone, Copy)]
pub struct Filter<'a> {
    pub scope: Scope<'a>,
    /// Days, both of them included.
    pub from: &'a str,
    pub to: &'a str,
    /// The last item of the page before.
    pub after: Option<Mark>,
}

/// Hands what was in those days to `sink`, the doctors in the order of their ids.
pub fn list(
    transaction: &Transaction<'_>,
    filter: &Filter<'_>,
    limit: i64,
    rules: &QueueRules,
    now: &Now,
    mut sink: impl FnMut(Item),
) -> Result<(), Error> {
    let begin = match filter.after {
        None => Some((0, String::new(), (0, 0))),
        Some(mark) => place(transaction, mark)?.map(|(doctor_id, at)| (doctor_id, at, mark.key())),
    };
    let Some((first, at, key)) = begin else { return Ok(()) };
    let doctors = match filter.scope {
        Scope::Doctor(doctor_id) => vec![doctor_id],
        Scope::Department(name) => {
            transaction.all(&attendance::DOCTORS, params![name, first], |row| row.integer(0))?
        }
    };
    let (time, mut found) = (now.time_text(), 0);
    for doctor_id in doctors {
        let left = limit - found;
        if left <= 0 {
            break;
        }
        let (at, (kind, id)) = if doctor_id == first { (at.as_str(), key) } else { ("", (0, 0)) };
        transaction.each(
            &attendance::OF_DOCTOR,
            params![doctor_id, filter.from, filter.to, time, at, kind, id, left],
            |row| {
                sink(item(row, doctor_id, rules, &time)?);
                found += 1;
                Ok::<_, Error>(())
            },
        )?;
    }
    Ok(())
}

/// Whose an item is, and at which time it stands in the list.
fn place(transaction: &Transaction<'_>, mark: Mark) -> Result<Option<(i64, String)>, Error> {
    match mark {
        Mark::Session(session_id) => Ok(clinic_session::by_id(transaction, session_id)?
            .map(|session| (session.doctor_id, session.starts_at))),
        Mark::Shift(id) => {
            transaction.first(&attendance::PLACE, params![id], |row| Ok((row.integer(0)?, row.string(1)?)))
        }
    }
}

fn item(row: &Row<'_>, doctor_id: i64, rules: &QueueRules, now: &str) -> Result<Item, Error> {
    let id = row.integer(2)?;
    let (starts_at, ends_at, is_stopped) =
        (row.optional_string(5)?, row.optional_string(6)?, row.value(7)?.is_true());
    let (came, went) = (row.optional_string(9)?, row.optional_string(10)?);
    let is_absent_row = row.optional_text(11)? == Some(Presence::Absent.word());
    let presence = if is_absent_row {
        Presence::Absent
    } else if came.is_some() {
        Presence::Present
    } else if row.value(13)?.is_true() {
        Presence::OnLeave
    } else if ends_at.as_deref() <= Some(now) {
        Presence::Absent
    } else {
        Presence::Expected
    };
    let latest = starts_at.as_deref().and_then(AppointmentTime::parse);
    let latest = latest.and_then(|starts| starts.plus_minutes(rules.doctor_grace_min));
    let (in_time, out_time) = (came.as_deref().and_then(moment), went.as_deref().and_then(moment));
    let is_late = match (&latest, &in_time) {
        (Some(latest), Some(came)) => came.as_str() > latest.as_str(),
        // Whoever is not there yet is late from then on.
        (Some(latest), None) => presence == Presence::Expected && now > latest.as_str(),
        _ => false,
    };
    let is_early = match (&ends_at, &out_time) {
        (Some(ends_at), Some(went)) => !is_stopped && went.as_str() < ends_at.as_str(),
        _ => false,
    };
    Ok(Item {
        mark: if row.integer(1)? == 0 { Mark::Session(id) } else { Mark::Shift(id) },
        doctor_id,
        day: row.string(3)?,
        session_id: row.optional_integer(4)?,
        starts_at,
        ends_at,
        attendance_id: row.optional_integer(8)?,
        clocked_in_at: came,
        clocked_out_at: went,
        is_out_assumed: row.value(12)?.is_true(),
        presence,
        is_late,
        is_early,
    })
}

/// A time as one of the clients has written it.
fn moment(text: &str) -> Option<AppointmentTime> {
    let spaced = text.replacen('T', " ", 1);
    AppointmentTime::parse(spaced.get(..19).unwrap_or(&spaced))
}
