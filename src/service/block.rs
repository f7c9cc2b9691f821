//! Blocked hours: a holiday, or a meeting of a doctor, in which no patient is seen.
//!
//! It never knows who books. Invariant: no place is given out whose time begins within a block.

use super::booking::{self, Change, Refusal};
use super::schedule::{Outcome, ScheduleRefusal, check_department, check_doctor};
use super::{Failure, refuse};
use crate::store::statements::schedule;
use crate::store::{Error, Row, Transaction, params};

/// Sessions that are stopped in one step; the others follow by a timer.
pub const STOPPED_PER_STEP: i64 = 20;

/// Hours in which no patient is seen: by a doctor, in a department, or in the whole hospital.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub block_id: i64,
    pub doctor_id: Option<i64>,
    pub department: Option<String>,
    pub starts_at: String,
    pub ends_at: String,
    pub reason: String,
}

impl Block {
    fn from_row(row: &Row<'_>) -> Result<Block, Error> {
        Ok(Block {
            block_id: row.integer(0)?,
            doctor_id: row.optional_integer(1)?,
            department: row.optional_string(2)?,
            starts_at: row.string(3)?,
            ends_at: row.string(4)?,
            reason: row.string(5)?,
        })
    }
}

/// Hours of one day.
pub struct Hours<'a> {
    pub starts_at: &'a str,
    pub ends_at: &'a str,
}

/// From when to when hours are blocked, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub from: String,
    pub to: String,
    pub reason: String,
}

/// What a block has done to the sessions that lie within it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    pub block_id: i64,
    pub stopped_sessions: Vec<i64>,
    pub cancelled_appointments: Vec<i64>,
    /// Whether there are more sessions to stop.
    pub has_more: bool,
}

/// Blocks hours. Sessions that lie wholly within are stopped, the first of them at once.
pub fn add(change: &mut Change<'_, '_>, new: &Block) -> Outcome<Blocked> {
    let transaction = change.transaction;
    if let Some(doctor_id) = new.doctor_id {
        check_doctor(transaction, doctor_id)?;
    }
    check_department(transaction, new.department.as_deref())?;
    // One that began today may be noted late.
    if new.ends_at <= change.now.time_text() || new.starts_at.as_str() < change.now.day() {
        return refuse(ScheduleRefusal::Past);
    }
    let block_id = transaction.insert(
        &schedule::ADD_BLOCK,
        params![new.doctor_id, new.department, new.starts_at, new.ends_at, new.reason],
    )?;
    let mut stopped_sessions: Vec<i64> = transaction.all(
        &schedule::SESSIONS_WITHIN,
        params![new.doctor_id, new.department, new.starts_at, new.ends_at, STOPPED_PER_STEP + 1],
        |row| row.integer(0),
    )?;
    let most = usize::try_from(STOPPED_PER_STEP).unwrap_or(0);
    let has_more = stopped_sessions.len() > most;
    stopped_sessions.truncate(most);
    let mut cancelled_appointments = Vec::new();
    for session_id in &stopped_sessions {
        cancelled_appointments.extend(stopped(booking::stop_session(change, *session_id, &new.reason))?);
    }
    Ok(Blocked { block_id, stopped_sessions, cancelled_appointments, has_more })
}

/// A session that is open can be stopped.
fn stopped(outcome: booking::Outcome<Vec<i64>>) -> Result<Vec<i64>, Error> {
    outcome.map_err(|failure: Failure<Refusal>| match failure {
        Failure::Fault(fault) => fault,
        Failure::Refused(refusal) => Error::Other(format!("a session could not be stopped: {refusal:?}")),
    })
}

/// Open sessions that lie wholly within a block, with its reason.
pub fn to_stop(transaction: &Transaction<'_>, limit: i64, now: &str) -> Result<Vec<(i64, String)>, Error> {
    transaction
        .all(&schedule::BLOCKED_SESSIONS, params![now, limit], |row| Ok((row.integer(0)?, row.string(1)?)))
}

/// Lets hours be given out again; sessions that were stopped stay so.
pub fn remove(transaction: &Transaction<'_>, block_id: i64) -> Outcome<()> {
    match transaction.execute(&schedule::REMOVE_BLOCK, params![block_id])? {
        0 => refuse(ScheduleRefusal::Unknown),
        _ => Ok(()),
    }
}

/// Hands blocks that end after that to `sink`, in the order of their ids.
pub fn list(
    transaction: &Transaction<'_>,
    from: &str,
    after: i64,
    limit: i64,
    mut sink: impl FnMut(Block),
) -> Result<(), Error> {
    transaction.each(&schedule::BLOCKS, params![from, after, limit], |row| {
        sink(Block::from_row(row)?);
        Ok(())
    })
}

/// What is blocked of a doctor's hours, in order.
pub(super) fn within(
    transaction: &Transaction<'_>,
    doctor_id: i64,
    department: Option<&str>,
    hours: &Hours<'_>,
) -> Result<Vec<Span>, Error> {
    transaction.all(
        &schedule::BLOCKS_OF_DAY,
        params![doctor_id, department, hours.starts_at, hours.ends_at],
        |row| Ok(Span { from: row.string(0)?, to: row.string(1)?, reason: row.string(2)? }),
    )
}

/// What the blocks, which come in the order in which they begin, leave of hours.
pub(super) fn left(hours: &Hours<'_>, blocks: &[Span]) -> Vec<(String, String)> {
    let mut left = Vec::new();
    let mut begin = hours.starts_at.to_owned();
    for Span { from, to, .. } in blocks {
        if *from > begin {
            left.push((begin.clone(), from.clone().min(hours.ends_at.to_owned())));
        }
        if *to > begin {
            begin.clone_from(to);
        }
    }
    if begin.as_str() < hours.ends_at {
        left.push((begin, hours.ends_at.to_owned()));
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_blocks_leave() {
        let hours = Hours { starts_at: "09", ends_at: "12" };
        for (blocks, expected) in [
            (&[][..], &[("09", "12")][..]),
            (&[("08", "10")], &[("10", "12")]),
            (&[("11", "13")], &[("09", "11")]),
            (&[("08", "13")], &[]),
            (&[("10", "11")], &[("09", "10"), ("11", "12")]),
            (&[("08", "11"), ("10", "11")], &[("11", "12")]),
            (&[("09", "10"), ("10", "12")], &[]),
        ] {
            let spans: Vec<Span> = blocks
                .iter()
                .map(|(from, to)| Span { from: (*from).into(), to: (*to).into(), reason: "-".into() })
                .collect();
            let found = left(&hours, &spans);
            let found: Vec<(&str, &str)> = found.iter().map(|(from, to)| (&**from, &**to)).collect();
            assert_eq!(found, expected);
        }
    }
}
