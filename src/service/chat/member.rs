//! Who belongs to a thread, and how far each has got in it.
//!
//! It never knows what was written. Invariants: who has left reads what was there until then and hears nothing
//! more; a patient's thread has its patient and one doctor, and changes its members only with the visit.

use super::{ChatRules, Kind, MEMBERS_MAX, Outcome, Refusal, Thread, open_thread, refuse};
use crate::service::access::Role;
use crate::service::changes::Changes;
use crate::service::time::Now;
use crate::store::statements::chat;
use crate::store::{Error, Transaction, params};

/// How far a member has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub user_id: i64,
    /// Up to where messages were handed out to them.
    pub delivered_sequence: i64,
    /// Up to where they have said that they have read.
    pub read_sequence: i64,
}

/// A member with what they are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedMember {
    pub mark: Mark,
    pub role: String,
    pub name: Option<String>,
    pub left_ms: Option<i64>,
}

/// A thread as someone stands to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub kind: Kind,
    pub patient_id: Option<i64>,
    pub created_by: i64,
    /// That of the thread, or where they have left it.
    pub last_sequence: i64,
    /// None for who has never belonged to it.
    pub mark: Option<Mark>,
    pub unread: i64,
    pub has_left: bool,
}

impl Standing {
    /// Whether they belong to it now.
    pub fn is_member(&self) -> bool {
        self.mark.is_some() && !self.has_left
    }
}

/// How someone stands to a thread; none where there is no such thread.
pub fn standing(
    transaction: &Transaction<'_>,
    thread_id: i64,
    user_id: i64,
) -> Result<Option<Standing>, Error> {
    transaction.first(&chat::STANDING, params![thread_id, user_id], |row| {
        let delivered = row.optional_integer(4)?;
        let read_sequence = row.optional_integer(5)?.unwrap_or(0);
        let last_sequence = row.integer(3)?;
        Ok(Standing {
            kind: Kind::parse(row.text(0)?)?,
            patient_id: row.optional_integer(1)?,
            created_by: row.integer(2)?,
            last_sequence: row.optional_integer(8)?.unwrap_or(last_sequence),
            mark: delivered.map(|delivered_sequence| Mark { user_id, delivered_sequence, read_sequence }),
            unread: row.optional_integer(6)?.unwrap_or(0),
            has_left: row.optional_integer(7)?.is_some(),
        })
    })
}

/// How far those have got who belong to a thread now.
pub fn marks(transaction: &Transaction<'_>, thread_id: i64) -> Result<Vec<Mark>, Error> {
    let mut found = Vec::new();
    transaction.each(&chat::MEMBERS, params![thread_id], |row| {
        found.push(Mark {
            user_id: row.integer(0)?,
            delivered_sequence: row.integer(1)?,
            read_sequence: row.integer(2)?,
        });
        Ok::<_, Error>(())
    })?;
    Ok(found)
}

/// Those who belong to a thread, and those who have left it, at the most `limit` of them.
pub fn named_members(
    transaction: &Transaction<'_>,
    thread_id: i64,
    limit: i64,
) -> Result<Vec<NamedMember>, Error> {
    let mut found = Vec::new();
    transaction.each(&chat::NAMED_MEMBERS, params![thread_id, limit], |row| {
        found.push(NamedMember {
            mark: Mark {
                user_id: row.integer(0)?,
                delivered_sequence: row.integer(1)?,
                read_sequence: row.integer(2)?,
            },
            left_ms: row.optional_integer(3)?,
            role: row.string(4)?,
            name: row.optional_string(5)?,
        });
        Ok::<_, Error>(())
    })?;
    Ok(found)
}

/// Whoever else belongs to a thread, and whether they want no messages from this one.
pub(super) fn others(
    transaction: &Transaction<'_>,
    thread_id: i64,
    sender_id: i64,
) -> Result<Vec<(i64, bool)>, Error> {
    transaction
        .all(&chat::OTHERS, params![thread_id, sender_id], |row| Ok((row.integer(0)?, row.integer(1)? != 0)))
}

/// The members who want messages from none of these senders.
pub fn silenced(
    transaction: &Transaction<'_>,
    thread_id: i64,
    senders: impl IntoIterator<Item = i64>,
) -> Result<Vec<i64>, Error> {
    let mut silenced: Option<Vec<i64>> = None;
    for sender_id in senders {
        let others = others(transaction, thread_id, sender_id)?;
        let blocking: Vec<i64> =
            others.into_iter().filter(|(_, blocks)| *blocks).map(|(user_id, _)| user_id).collect();
        silenced = Some(match silenced {
            None => blocking,
            Some(before) => before.into_iter().filter(|user_id| blocking.contains(user_id)).collect(),
        });
    }
    Ok(silenced.unwrap_or_default())
}

/// Somebody belongs to a thread from now on, as if they had read it up to there.
pub(super) fn join(
    transaction: &Transaction<'_>,
    thread_id: i64,
    user_id: i64,
    read_sequence: i64,
    now: &Now,
) -> Result<(), Error> {
    transaction.execute(&chat::JOIN, params![thread_id, user_id, read_sequence, now.unix_ms])?;
    Ok(())
}

/// Another doctor has the visit, and goes on reading where the former one has stopped.
pub(super) fn hand_over(
    transaction: &Transaction<'_>,
    thread: &Thread,
    doctor_id: i64,
    changes: &mut Changes,
    now: &Now,
) -> Result<(), Error> {
    let &Thread { thread_id, last_sequence, .. } = thread;
    let mut read = last_sequence;
    if let Some(former_id) = thread.doctor_id {
        if let Some(mark) = standing(transaction, thread_id, former_id)?.and_then(|found| found.mark) {
            read = mark.read_sequence;
        }
        let unread = params![thread_id, former_id, doctor_id, read];
        transaction.execute(&chat::HAND_OVER_MESSAGES, unread)?;
        transaction.execute(&chat::HAND_OVER_COPIES, unread)?;
        transaction.execute(&chat::COUNT_UNREAD, params![thread_id, former_id, read])?;
        transaction.execute(&chat::LEAVE, params![thread_id, former_id, last_sequence, now.unix_ms])?;
        changes.inboxes.insert(former_id);
    }
    transaction.execute(&chat::SET_DOCTOR, params![thread_id, doctor_id])?;
    join(transaction, thread_id, doctor_id, read, now)?;
    transaction.execute(&chat::COUNT_UNREAD, params![thread_id, doctor_id, read])?;
    changes.inboxes.insert(doctor_id);
    changes.marks(thread_id);
    Ok(())
}

/// Whether someone can be asked into a thread of the staff.
pub(super) fn check_staff(transaction: &Transaction<'_>, user_id: i64) -> Outcome<()> {
    let found = transaction.first(&chat::PERSON, params![user_id], |row| {
        Ok::<_, Error>((Role::find(row.text(0)?), row.integer(1)? != 0))
    })?;
    match found {
        None => refuse(Refusal::UnknownUser),
        Some((_, true)) => refuse(Refusal::UserDisabled { user_id }),
        Some((Some(role), false)) if role.is_staff() => Ok(()),
        Some(_) => refuse(Refusal::NotStaff { user_id }),
    }
}

/// Adds someone to a thread of the staff. Who is in it already stays as they are.
pub fn add_member(
    transaction: &Transaction<'_>,
    thread_id: i64,
    user_id: i64,
    rules: &ChatRules,
    changes: &mut Changes,
    now: &Now,
) -> Outcome<()> {
    let thread = open_thread(transaction, thread_id, rules, now)?;
    if thread.kind != Kind::Staff {
        return refuse(Refusal::FixedMembers);
    }
    check_staff(transaction, user_id)?;
    let members = marks(transaction, thread_id)?;
    if members.iter().any(|member| member.user_id == user_id) {
        return Ok(());
    }
    if members.len() >= MEMBERS_MAX {
        return refuse(Refusal::TooManyMembers);
    }
    join(transaction, thread_id, user_id, thread.last_sequence, now)?;
    changes.marks(thread_id);
    Ok(())
}

/// Leaves a thread of the staff.
pub fn leave(
    transaction: &Transaction<'_>,
    thread_id: i64,
    user_id: i64,
    changes: &mut Changes,
    now: &Now,
) -> Outcome<()> {
    let thread = super::known(transaction, thread_id)?;
    if thread.kind != Kind::Staff {
        return refuse(Refusal::FixedMembers);
    }
    transaction.execute(&chat::LEAVE, params![thread_id, user_id, thread.last_sequence, now.unix_ms])?;
    changes.marks(thread_id);
    Ok(())
}
