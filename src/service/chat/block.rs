//! From whom someone wants no messages.
//!
//! It never knows why. Invariant: what was written before stays where it is, for both.

use super::{Outcome, Refusal, refuse};
use crate::service::time::Now;
use crate::store::statements::chat;
use crate::store::{Error, Transaction, params};

/// Someone from whom no messages are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    pub user_id: i64,
    pub blocked_ms: i64,
}

/// Keeps messages of someone away from now on.
pub fn block(transaction: &Transaction<'_>, user_id: i64, blocked_id: i64, now: &Now) -> Outcome<()> {
    if user_id == blocked_id {
        return refuse(Refusal::Oneself);
    }
    if transaction.first(&chat::PERSON, params![blocked_id], |_| Ok::<_, Error>(()))?.is_none() {
        return refuse(Refusal::UnknownUser);
    }
    transaction.execute(&chat::BLOCK, params![user_id, blocked_id, now.unix_ms])?;
    Ok(())
}

/// Keeps them away no longer. Returns whether they were.
pub fn unblock(transaction: &Transaction<'_>, user_id: i64, blocked_id: i64) -> Result<bool, Error> {
    Ok(transaction.execute(&chat::UNBLOCK, params![user_id, blocked_id])? > 0)
}

/// Hands to `sink` from whom someone wants no messages, by their ids.
pub fn blocks(
    transaction: &Transaction<'_>,
    user_id: i64,
    after: i64,
    limit: i64,
    mut sink: impl FnMut(Block),
) -> Result<(), Error> {
    transaction.each(&chat::BLOCKS, params![user_id, after, limit], |row| {
        sink(Block { user_id: row.integer(0)?, blocked_ms: row.integer(1)? });
        Ok(())
    })
}
