//! How long somebody who waits is likely to wait.
//!
//! It never promises. Invariant: the estimate is made of consultations that were, and of the plan only where
//! there were none.

use super::find::{Ticket, before_doors, by_appointment, in_order};
use super::{QueueRules, State};
use crate::service::clinic_session;
use crate::service::time::{AppointmentTime, MINUTE_MS};
use crate::store::statements::queue;
use crate::store::{Error, Statement, Transaction, params};

/// So many consultations make the estimate.
const LENGTHS_MAX: i64 = 10;

/// Where somebody stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub ticket: Ticket,
    /// How many come before them; none for a ticket that is not in the queue.
    pub ahead: Option<i64>,
    /// In how many minutes it is about their turn.
    pub wait_min: Option<i64>,
}

/// Where an appointment stands in the queue, once it has a ticket.
pub fn standing(
    transaction: &Transaction<'_>,
    appointment_id: i64,
    rules: &QueueRules,
) -> Result<Option<Standing>, Error> {
    let Some(ticket) = by_appointment(transaction, appointment_id)? else { return Ok(None) };
    let ahead = match ticket.state {
        State::Waiting => {
            // Who is called has not been seen yet, and so is still before them.
            let called = before_doors(transaction, ticket.session_id)?
                .iter()
                .filter(|other| other.state == State::Called)
                .count();
            let waiting = in_order(transaction, ticket.session_id, rules)?
                .iter()
                .take_while(|other| other.ticket_id != ticket.ticket_id)
                .count();
            i64::try_from(called + waiting).ok()
        }
        State::Called => Some(0),
        State::Serving | State::Done | State::Skipped | State::Left => None,
    };
    let wait_min = match ahead {
        Some(ahead) => {
            let total_ms = ahead.saturating_mul(length_ms(transaction, &ticket)?);
            Some(total_ms.saturating_add(MINUTE_MS - 1) / MINUTE_MS)
        }
        None => None,
    };
    Ok(Some(Standing { ticket, ahead, wait_min }))
}

/// How long a consultation takes about.
fn length_ms(transaction: &Transaction<'_>, ticket: &Ticket) -> Result<i64, Error> {
    let of_session = lengths(transaction, &queue::LENGTHS_OF_SESSION, ticket.session_id)?;
    if let Some(median) = median(of_session) {
        return Ok(median);
    }
    let of_doctor = lengths(transaction, &queue::LENGTHS_OF_DOCTOR, ticket.doctor_id)?;
    if let Some(median) = median(of_doctor) {
        return Ok(median);
    }
    let session = clinic_session::by_id(transaction, ticket.session_id)?;
    let planned = session.and_then(|session| {
        let starts = AppointmentTime::parse(&session.starts_at)?;
        let ends = AppointmentTime::parse(&session.ends_at)?;
        Some(starts.minutes_until(&ends).saturating_mul(MINUTE_MS) / session.planned().max(1))
    });
    Ok(planned.unwrap_or(0))
}

fn lengths(transaction: &Transaction<'_>, statement: &Statement, id: i64) -> Result<Vec<i64>, Error> {
    let mut found = Vec::new();
    transaction.each(statement, params![id, LENGTHS_MAX], |row| {
        // A clock that was set back makes no consultation shorter than none.
        found.extend(row.optional_integer(0)?.map(|length| length.max(0)));
        Ok::<_, Error>(())
    })?;
    Ok(found)
}

/// The one in the middle, or the mean of the two; one that lasted over lunch does not count for more.
fn median(mut lengths: Vec<i64>) -> Option<i64> {
    lengths.sort_unstable();
    let middle = lengths.len() / 2;
    let upper = *lengths.get(middle)?;
    if lengths.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *lengths.get(middle.checked_sub(1)?)?;
    Some(i64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        for (lengths, expected) in [
            (vec![], None),
            (vec![7], Some(7)),
            (vec![9, 1], Some(5)),
            (vec![1_000_000, 2, 3], Some(3)),
            (vec![4, 1, 3, 2], Some(2)),
        ] {
            assert_eq!(median(lengths.clone()), expected, "{lengths:?}");
        }
    }
}
