//! Messages that old clients have put into the old schema's table, which belong to no thread.
//!
//! It never knows an old client. Invariant: a row of `chat_messages` is either a copy of a thread's message or
//! named as a stray.

use crate::store::statements::chat;
use crate::store::{Error, Transaction, Value, params};

/// A message of no thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    pub message_id: i64,
    pub sender_id: i64,
    pub receiver_id: i64,
    pub content: String,
    /// As it was written: UTC, where the old client did not say otherwise.
    pub sent_at: Option<String>,
    pub is_read: bool,
}

/// The row that was inserted last is a message of no thread.
pub fn note_stray(transaction: &Transaction<'_>) -> Result<(), Error> {
    transaction.execute(&chat::NOTE_STRAY, params![])?;
    Ok(())
}

/// Hands the strays between two people to `sink`, the newest first, from below `before` on.
pub fn strays(
    transaction: &Transaction<'_>,
    user_id: i64,
    other_id: i64,
    before: i64,
    limit: i64,
    mut sink: impl FnMut(Stray),
) -> Result<(), Error> {
    transaction.each(&chat::STRAYS, params![user_id, other_id, before, limit], |row| {
        sink(Stray {
            message_id: row.integer(0)?,
            sender_id: row.integer(1)?,
            receiver_id: row.integer(2)?,
            content: row.string(3)?,
            sent_at: match row.value(4)? {
                Value::Text(text) => Some(text.to_owned()),
                _ => None,
            },
            is_read: row.value(5)?.is_true(),
        });
        Ok(())
    })
}
