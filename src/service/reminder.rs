//! Reminders: who is told of an appointment a day and an hour before it.
//!
//! It never knows how they are told. Invariants: nobody is reminded of one appointment twice in one way, which
//! `notice::give` sees to; who has booked after the time for a reminder is not reminded.

use super::changes::Changes;
use super::notice;
use super::time::{AppointmentTime, MINUTE_MS, Now};
use crate::store::statements::booking;
use crate::store::{Error, Transaction, params};

/// How long before an appointment its patient is reminded; 0 is never.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReminderRules {
    pub day_min: i64,
    pub hour_min: i64,
}

impl Default for ReminderRules {
    fn default() -> ReminderRules {
        ReminderRules { day_min: 1440, hour_min: 60 }
    }
}

/// How far the appointments have been looked through, in the order of their times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    starts_at: String,
    appointment_id: i64,
}

/// Someone to remind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub appointment_id: i64,
    pub patient_id: i64,
}

/// What was found in one look.
#[derive(Debug)]
pub struct Found {
    pub due: Vec<Due>,
    pub cursor: Cursor,
    /// Whether there may be more at once.
    pub has_more: bool,
}

/// Looks at up to `limit` appointments that begin within so many minutes, from where the last look has ended.
/// Without such a place, as after a start, all that are to come are looked at.
pub fn find(
    transaction: &Transaction<'_>,
    lead_min: i64,
    after: Option<&Cursor>,
    limit: i64,
    now: &Now,
) -> Result<Found, Error> {
    let text = now.time_text();
    let until = AppointmentTime::parse(&text)
        .and_then(|time| time.plus_minutes(lead_min))
        .ok_or_else(|| Error::Other("the time has no form in which appointments are written".into()))?;
    // A clock that was set back must not leave the place far ahead of it.
    let mut cursor = match after {
        Some(cursor) if cursor.starts_at.as_str() <= until.as_str() => cursor.clone(),
        _ => Cursor { starts_at: text, appointment_id: 0 },
    };
    let (mut due, mut seen) = (Vec::new(), 0);
    let from = cursor.clone();
    transaction.each(
        &booking::TO_REMIND,
        params![from.starts_at, from.appointment_id, until.as_str(), limit],
        |row| {
            let found = Due { appointment_id: row.integer(0)?, patient_id: row.integer(1)? };
            let (starts_at, changed_ms) = (row.text(2)?, row.integer(3)?);
            let starts_ms = AppointmentTime::parse(starts_at).and_then(|time| now.unix_ms_of(&time));
            seen += 1;
            cursor = Cursor { starts_at: starts_at.to_owned(), appointment_id: found.appointment_id };
            if starts_ms.is_some_and(|starts_ms| changed_ms <= starts_ms - lead_min * MINUTE_MS) {
                due.push(found);
            }
            Ok::<_, Error>(())
        },
    )?;
    Ok(Found { due, cursor, has_more: seen >= limit })
}

/// Reminds. Returns those who had not been reminded in this way before.
pub fn give(
    transaction: &Transaction<'_>,
    kind: &str,
    due: &[Due],
    changes: &mut Changes,
    now: &Now,
) -> Result<Vec<Due>, Error> {
    let mut given = Vec::new();
    for one in due {
        if notice::give(transaction, one.patient_id, kind, Some(one.appointment_id), None, now)? {
            changes.notices.insert(one.patient_id);
            given.push(one.clone());
        }
    }
    Ok(given)
}
