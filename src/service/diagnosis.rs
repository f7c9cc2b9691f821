//! Diagnoses of an encounter, each in its rank.
//!
//! It never knows how the table of codes was loaded. Invariants: among those of one use no two that hold have the
//! same rank, and rank 1 is the principal one; a code is of the hospital's table, where it has one, and so is its
//! title.

use super::time::Now;
use super::words::words;
use super::{Failure, encounter, icd10, refuse};
use crate::store::statements::diagnosis;
use crate::store::{Error, Row, Transaction, params};

/// Ranks that a caller may give; what is beyond serves to change places.
pub const RANK_MAX: i64 = 99;
const RANK_BETWEEN: i64 = 1_000_000;

words! {
    /// When in an encounter a diagnosis is made.
    pub enum Use, "a diagnosis is of a use" {
        Admission = "admission",
        Working = "working",
        Discharge = "discharge",
    }
}

words! {
    pub enum Certainty, "a diagnosis is of a certainty" {
        Provisional = "provisional",
        Confirmed = "confirmed",
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    pub diagnosis_id: i64,
    pub encounter_id: i64,
    pub patient_id: i64,
    /// ICD-10.
    pub code: Option<String>,
    pub title: String,
    pub rank: i64,
    pub stage: Use,
    pub certainty: Certainty,
    pub recorded_by: i64,
    pub recorded_ms: i64,
    pub withdrawn_ms: Option<i64>,
    pub withdrawn_reason: Option<String>,
}

impl Diagnosis {
    fn from_row(row: &Row<'_>) -> Result<Diagnosis, Error> {
        Ok(Diagnosis {
            diagnosis_id: row.integer(0)?,
            encounter_id: row.integer(1)?,
            patient_id: row.integer(2)?,
            code: row.optional_string(3)?,
            title: row.string(4)?,
            rank: row.integer(5)?,
            stage: Use::parse(row.text(6)?)?,
            certainty: Certainty::parse(row.text(7)?)?,
            recorded_by: row.integer(8)?,
            recorded_ms: row.integer(9)?,
            withdrawn_ms: row.optional_integer(10)?,
            withdrawn_reason: row.optional_string(11)?,
        })
    }
}

/// A diagnosis to be.
#[derive(Debug, Clone, Copy)]
pub struct NewDiagnosis<'a> {
    pub encounter_id: i64,
    pub code: Option<&'a str>,
    /// Needed where the code is not in a table.
    pub title: Option<&'a str>,
    /// The next free one, where it is not given.
    pub rank: Option<i64>,
    pub stage: Use,
    pub certainty: Certainty,
    pub by: i64,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    UnknownDiagnosis,
    /// The encounter does not allow it.
    Encounter(encounter::Refusal),
    /// The hospital's table does not have the code.
    UnknownCode,
    /// Neither a code of the table nor a title says what it is.
    TitleNeeded,
    RankTaken {
        diagnosis_id: i64,
    },
    /// The last rank is taken, and none was given.
    NoRankLeft,
    /// `to` is what cannot be done to it any longer.
    Withdrawn {
        to: &'static str,
    },
}

pub type Outcome<T> = Result<T, Failure<Refusal>>;

fn writable(transaction: &Transaction<'_>, encounter_id: i64) -> Outcome<encounter::Encounter> {
    encounter::writable(transaction, encounter_id).map_err(|failure| failure.map(Refusal::Encounter))
}

/// A diagnosis that holds, of an encounter that goes on; `to` is what is to be done to it.
fn holding(transaction: &Transaction<'_>, diagnosis_id: i64, to: &'static str) -> Outcome<Diagnosis> {
    let Some(found) = by_id(transaction, diagnosis_id)? else { return refuse(Refusal::UnknownDiagnosis) };
    if found.withdrawn_ms.is_some() {
        return refuse(Refusal::Withdrawn { to });
    }
    writable(transaction, found.encounter_id)?;
    Ok(found)
}

/// The diagnosis that has a rank.
fn at_rank(
    transaction: &Transaction<'_>,
    encounter_id: i64,
    stage: Use,
    rank: i64,
) -> Result<Option<i64>, Error> {
    transaction.first(&diagnosis::AT_RANK, params![encounter_id, stage.word(), rank], |row| row.integer(0))
}

fn title_of(transaction: &Transaction<'_>, new: &NewDiagnosis<'_>) -> Outcome<(Option<String>, String)> {
    let given = |title: Option<&str>| match title {
        Some(title) => Ok(title.to_owned()),
        None => refuse(Refusal::TitleNeeded),
    };
    let Some(code) = new.code.map(icd10::written) else { return Ok((None, given(new.title)?)) };
    match icd10::title(transaction, &code)? {
        Some(title) => Ok((Some(code), title)),
        None if icd10::is_loaded(transaction)? => refuse(Refusal::UnknownCode),
        None => Ok((Some(code), given(new.title)?)),
    }
}

/// Records a diagnosis. Returns its id.
pub fn add(transaction: &Transaction<'_>, new: &NewDiagnosis<'_>, now: &Now) -> Outcome<i64> {
    let found = writable(transaction, new.encounter_id)?;
    let (code, title) = title_of(transaction, new)?;
    let stage = new.stage;
    let rank = match new.rank {
        Some(rank) => {
            if let Some(diagnosis_id) = at_rank(transaction, new.encounter_id, stage, rank)? {
                return refuse(Refusal::RankTaken { diagnosis_id });
            }
            rank
        }
        None => {
            let last =
                transaction.first(&diagnosis::LAST_RANK, params![new.encounter_id, stage.word()], |row| {
                    row.integer(0)
                })?;
            let next = last.unwrap_or(0) + 1;
            if next > RANK_MAX {
                return refuse(Refusal::NoRankLeft);
            }
            next
        }
    };
    Ok(transaction.insert(
        &diagnosis::INSERT,
        params![
            new.encounter_id,
            found.patient_id,
            code,
            title,
            rank,
            stage.word(),
            new.certainty.word(),
            new.by,
            now.unix_ms
        ],
    )?)
}

/// Gives a diagnosis a rank; the one that has it takes this one's.
pub fn set_rank(transaction: &Transaction<'_>, diagnosis_id: i64, rank: i64) -> Outcome<()> {
    let found = holding(transaction, diagnosis_id, "ranked")?;
    if found.rank == rank {
        return Ok(());
    }
    if let Some(other_id) = at_rank(transaction, found.encounter_id, found.stage, rank)? {
        transaction.execute(&diagnosis::SET_RANK, params![diagnosis_id, RANK_BETWEEN])?;
        transaction.execute(&diagnosis::SET_RANK, params![other_id, found.rank])?;
    }
    transaction.execute(&diagnosis::SET_RANK, params![diagnosis_id, rank])?;
    Ok(())
}

/// Says that a diagnosis does not hold any longer. It stays readable.
pub fn withdraw(transaction: &Transaction<'_>, diagnosis_id: i64, reason: &str, now: &Now) -> Outcome<()> {
    holding(transaction, diagnosis_id, "withdrawn")?;
    transaction.execute(&diagnosis::WITHDRAW, params![diagnosis_id, now.unix_ms, reason])?;
    Ok(())
}

pub fn by_id(transaction: &Transaction<'_>, diagnosis_id: i64) -> Result<Option<Diagnosis>, Error> {
    transaction.first(&diagnosis::BY_ID, params![diagnosis_id], Diagnosis::from_row)
}

/// Hands the diagnoses of an encounter, in the order in which they were made, to `sink`.
pub fn of_encounter(
    transaction: &Transaction<'_>,
    encounter_id: i64,
    with_withdrawn: bool,
    after: i64,
    limit: i64,
    mut sink: impl FnMut(Diagnosis),
) -> Result<(), Error> {
    transaction.each(&diagnosis::OF_ENCOUNTER, params![encounter_id, after, with_withdrawn, limit], |row| {
        sink(Diagnosis::from_row(row)?);
        Ok(())
    })
}
