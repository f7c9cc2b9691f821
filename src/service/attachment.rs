//! Where pictures and findings lie that belong to an encounter.
//!
//! It never opens one. Invariant: what was attached stays known, even when it is withdrawn.

use super::encounter::State;
use super::time::Now;
use super::{Failure, encounter, refuse};
use crate::store::statements::attachment;
use crate::store::{Error, Row, Transaction, params};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    pub attachment_id: i64,
    pub encounter_id: i64,
    pub patient_id: i64,
    pub title: String,
    pub media_type: String,
    pub reference: String,
    pub sha256: Option<String>,
    pub added_by: i64,
    pub added_ms: i64,
    pub withdrawn_ms: Option<i64>,
    pub withdrawn_reason: Option<String>,
}

impl Attachment {
    fn from_row(row: &Row<'_>) -> Result<Attachment, Error> {
        Ok(Attachment {
            attachment_id: row.integer(0)?,
            encounter_id: row.integer(1)?,
            patient_id: row.integer(2)?,
            title: row.string(3)?,
            media_type: row.string(4)?,
            reference: row.string(5)?,
            sha256: row.optional_string(6)?,
            added_by: row.integer(7)?,
            added_ms: row.integer(8)?,
            withdrawn_ms: row.optional_integer(9)?,
            withdrawn_reason: row.optional_string(10)?,
        })
    }
}

/// An attachment to be.
#[derive(Debug, Clone, Copy)]
pub struct NewAttachment<'a> {
    pub encounter_id: i64,
    pub title: &'a str,
    pub media_type: &'a str,
    pub reference: &'a str,
    pub sha256: Option<&'a str>,
    pub by: i64,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    UnknownAttachment,
    /// The encounter does not allow it.
    Encounter(encounter::Refusal),
    Withdrawn,
}

pub type Outcome<T> = Result<T, Failure<Refusal>>;

/// Attaches something to an encounter that has begun; findings come when it is long over. Returns its id.
pub fn add(transaction: &Transaction<'_>, new: &NewAttachment<'_>, now: &Now) -> Outcome<i64> {
    let found = match encounter::by_id(transaction, new.encounter_id)? {
        None => return refuse(Refusal::Encounter(encounter::Refusal::UnknownEncounter)),
        Some(found) if matches!(found.state, State::InProgress | State::Finished) => found,
        Some(found) => {
            return refuse(Refusal::Encounter(encounter::Refusal::NotInProgress { state: found.state }));
        }
    };
    Ok(transaction.insert(
        &attachment::INSERT,
        params![
            new.encounter_id,
            found.patient_id,
            new.title,
            new.media_type,
            new.reference,
            new.sha256,
            new.by,
            now.unix_ms
        ],
    )?)
}

/// Says that something does not belong there.
pub fn withdraw(transaction: &Transaction<'_>, attachment_id: i64, reason: &str, now: &Now) -> Outcome<()> {
    let Some(found) = by_id(transaction, attachment_id)? else { return refuse(Refusal::UnknownAttachment) };
    if found.withdrawn_ms.is_some() {
        return refuse(Refusal::Withdrawn);
    }
    transaction.execute(&attachment::WITHDRAW, params![attachment_id, now.unix_ms, reason])?;
    Ok(())
}

pub fn by_id(transaction: &Transaction<'_>, attachment_id: i64) -> Result<Option<Attachment>, Error> {
    transaction.first(&attachment::BY_ID, params![attachment_id], Attachment::from_row)
}

/// Hands the attachments of an encounter, in the order in which they came, to `sink`.
pub fn of_encounter(
    transaction: &Transaction<'_>,
    encounter_id: i64,
    with_withdrawn: bool,
    after: i64,
    limit: i64,
    mut sink: impl FnMut(Attachment),
) -> Result<(), Error> {
    transaction.each(&attachment::OF_ENCOUNTER, params![encounter_id, after, with_withdrawn, limit], |row| {
        sink(Attachment::from_row(row)?);
        Ok(())
    })
}
