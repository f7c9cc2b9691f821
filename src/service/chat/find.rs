//! Threads as they are listed.
//!
//! It never knows who asks but by their id. Invariant: each list is read by an index, from where its page
//! begins.

use super::Thread;
use super::member::Mark;
use crate::store::statements::chat;
use crate::store::{Error, Transaction, params};

/// So much of the last message is shown in a list.
const LAST_CHARS: i64 = 200;

/// A thread.
pub fn by_id(transaction: &Transaction<'_>, thread_id: i64) -> Result<Option<Thread>, Error> {
    transaction.first(&chat::BY_ID, params![thread_id], Thread::from_row)
}

/// Hands the threads about a patient to `sink`, the newest first, from below `before` on.
pub fn of_patient(
    transaction: &Transaction<'_>,
    patient_id: i64,
    before: i64,
    limit: i64,
    mut sink: impl FnMut(Thread),
) -> Result<(), Error> {
    transaction.each(&chat::OF_PATIENT, params![patient_id, before, limit], |row| {
        sink(Thread::from_row(row)?);
        Ok(())
    })
}

/// The last message that a member may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Last {
    pub sequence: i64,
    pub sender_id: i64,
    /// The beginning of it.
    pub content: String,
    pub sent_ms: i64,
}

/// A thread as one of its members has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    pub thread: Thread,
    pub mark: Mark,
    pub unread: i64,
    pub active_ms: i64,
    pub left_ms: Option<i64>,
    pub last: Option<Last>,
}

/// The threads of a member, those in which they got or wrote something last first, from behind `after` on: its
/// moment and its thread.
pub fn of_member(
    transaction: &Transaction<'_>,
    user_id: i64,
    after: (i64, i64),
    limit: i64,
) -> Result<Vec<Own>, Error> {
    let mut found = Vec::new();
    let (active_ms, thread_id) = after;
    transaction.each(&chat::OF_MEMBER, params![user_id, active_ms, thread_id, limit, LAST_CHARS], |row| {
        let mut thread = Thread::from_row(row)?;
        thread.last_sequence = row.optional_integer(19)?.unwrap_or(thread.last_sequence);
        let last = match row.optional_integer(20)? {
            None => None,
            Some(sequence) => Some(Last {
                sequence,
                sender_id: row.integer(21)?,
                content: row.string(22)?,
                sent_ms: row.integer(23)?,
            }),
        };
        found.push(Own {
            thread,
            mark: Mark { user_id, delivered_sequence: row.integer(14)?, read_sequence: row.integer(15)? },
            unread: row.integer(16)?,
            active_ms: row.integer(17)?,
            left_ms: row.optional_integer(18)?,
            last,
        });
        Ok::<_, Error>(())
    })?;
    Ok(found)
}

/// A thread in which someone has something unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread {
    pub thread_id: i64,
    pub unread: i64,
    pub active_ms: i64,
    pub last_sequence: i64,
}

/// The threads in which someone has something unread, the latest first.
pub fn unread(transaction: &Transaction<'_>, user_id: i64, limit: i64) -> Result<Vec<Unread>, Error> {
    let mut found = Vec::new();
    transaction.each(&chat::UNREAD, params![user_id, limit], |row| {
        found.push(Unread {
            thread_id: row.integer(0)?,
            unread: row.integer(1)?,
            active_ms: row.integer(2)?,
            last_sequence: row.integer(3)?,
        });
        Ok::<_, Error>(())
    })?;
    Ok(found)
}
