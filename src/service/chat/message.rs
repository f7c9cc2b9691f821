//! Messages: sent, handed out, and read.
//!
//! It never knows who may do so. Invariants: a message has the next sequence of its thread; each who gets it
//! has a row of it in the old schema, whose `is_read` says the same as their mark; `unread` counts the copies
//! behind the mark.

use super::member::{Standing, others};
use super::{ChatRules, Outcome, READ_MAX, Refusal, open_thread, refuse, standing};
use crate::service::changes::Changes;
use crate::service::time::Now;
use crate::store::statements::chat;
use crate::store::{Error, Transaction, params};

const MINUTE_MS: i64 = 60_000;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub sequence: i64,
    pub sender_id: i64,
    pub content: String,
    pub sent_ms: i64,
}

/// Adds a message to a thread to which its sender belongs. Returns its sequence.
pub fn send(
    transaction: &Transaction<'_>,
    thread_id: i64,
    sender_id: i64,
    content: &str,
    rules: &ChatRules,
    changes: &mut Changes,
    now: &Now,
) -> Outcome<i64> {
    let thread = open_thread(transaction, thread_id, rules, now)?;
    check_rate(transaction, sender_id, rules, now)?;
    let others = others(transaction, thread_id, sender_id)?;
    if let [(_, true)] = others.as_slice() {
        return refuse(Refusal::Blocked);
    }
    let sequence = thread.last_sequence + 1;
    transaction.execute(&chat::SET_LAST, params![thread_id, sequence])?;
    transaction.execute(&chat::ADD, params![thread_id, sequence, sender_id, content, now.unix_ms])?;
    transaction.execute(&chat::TOLD, params![thread_id, sender_id, sequence, now.unix_ms])?;
    let told = others.iter().filter(|(_, blocks)| !blocks);
    let copies = i64::try_from(told.clone().count()).unwrap_or(0);
    if copies > 0 {
        let last_id = transaction.insert(&chat::ADD_OLD, params![thread_id, sender_id, content, now.utc])?;
        // The ids of one statement follow on each other.
        transaction.execute(&chat::ADD_COPIES, params![last_id - copies, thread_id, sequence])?;
    }
    changes.message(thread_id, sequence);
    changes.inboxes.extend(told.map(|(user_id, _)| user_id));
    Ok(sequence)
}

/// Whether someone may send one more in this minute. What was sent after now was sent under another clock.
fn check_rate(transaction: &Transaction<'_>, sender_id: i64, rules: &ChatRules, now: &Now) -> Outcome<()> {
    let after_ms = now.unix_ms - MINUTE_MS;
    let before = rules.messages_per_minute_max.saturating_sub(1).max(0);
    let first =
        transaction.first(&chat::NTH_OF_LATE, params![sender_id, after_ms, now.unix_ms, before], |row| {
            row.integer(0)
        })?;
    match first {
        None => Ok(()),
        Some(sent_ms) => refuse(Refusal::TooManyMessages { retry_after_ms: sent_ms - after_ms }),
    }
}

/// Which messages of a thread are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The last ones.
    Latest,
    /// Those that come after a sequence, the first ones first.
    After(i64),
    /// Those that come before a sequence, the last ones of them.
    Before(i64),
}

impl Page {
    /// The first and the last sequence of so many messages of a thread that has `last_sequence`.
    fn range(self, limit: i64, last_sequence: i64) -> (i64, i64) {
        match self {
            Page::Latest => (last_sequence - limit + 1, last_sequence),
            Page::After(sequence) => {
                let first = sequence.saturating_add(1);
                (first, first.saturating_add(limit - 1).min(last_sequence))
            }
            Page::Before(sequence) => {
                let last = sequence.saturating_sub(1).min(last_sequence);
                (last - limit + 1, last)
            }
        }
    }
}

/// The messages of a page in their order; none has a sequence above `last_sequence`.
pub fn messages(
    transaction: &Transaction<'_>,
    thread_id: i64,
    page: Page,
    limit: i64,
    last_sequence: i64,
) -> Result<Vec<Message>, Error> {
    let (first, last) = page.range(limit, last_sequence);
    let mut found = Vec::new();
    transaction.each(&chat::MESSAGES, params![thread_id, first, last], |row| {
        found.push(Message {
            sequence: row.integer(0)?,
            sender_id: row.integer(1)?,
            content: row.string(2)?,
            sent_ms: row.integer(3)?,
        });
        Ok::<_, Error>(())
    })?;
    Ok(found)
}

/// Messages up to this one were handed out to a member.
pub fn deliver(transaction: &Transaction<'_>, thread_id: i64, user_id: i64, up_to: i64) -> Result<(), Error> {
    transaction.execute(&chat::DELIVER, params![thread_id, user_id, up_to])?;
    Ok(())
}

/// How far a member has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub read_sequence: i64,
    pub unread: i64,
}

/// Marks messages read up to one of them, or up to `READ_MAX` of them where those are more.
pub fn read(
    transaction: &Transaction<'_>,
    thread_id: i64,
    user_id: i64,
    up_to: i64,
    changes: &mut Changes,
) -> Outcome<Reading> {
    let Some(Standing { last_sequence, mark: Some(mark), unread, .. }) =
        standing(transaction, thread_id, user_id)?
    else {
        return refuse(Refusal::UnknownThread);
    };
    let (read, mut up_to) = (mark.read_sequence, up_to.min(last_sequence));
    if up_to <= read {
        return Ok(Reading { read_sequence: read, unread });
    }
    let too_many = transaction.first(
        &chat::FIRST_TOO_MANY,
        params![thread_id, user_id, read, up_to, READ_MAX],
        |row| row.integer(0),
    )?;
    if let Some(sequence) = too_many {
        up_to = sequence - 1;
    }
    let count = transaction.execute(&chat::READ_COPIES, params![thread_id, user_id, read, up_to])?;
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    transaction.execute(&chat::READ, params![thread_id, user_id, up_to, count])?;
    changes.marks(thread_id);
    changes.inboxes.insert(user_id);
    Ok(Reading { read_sequence: up_to, unread: unread - count })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_holds_as_many_as_it_may_and_none_that_is_not_there() {
        for (page, expected) in [
            (Page::Latest, (6, 10)),
            (Page::After(0), (1, 5)),
            (Page::After(8), (9, 10)),
            (Page::After(10), (11, 10)),
            (Page::After(i64::MAX), (i64::MAX, 10)),
            (Page::Before(6), (1, 5)),
            (Page::Before(100), (6, 10)),
            (Page::Before(1), (-4, 0)),
        ] {
            assert_eq!(page.range(5, 10), expected, "{page:?}");
        }
    }
}
