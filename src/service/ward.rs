//! Wards and their beds: which there are, what each is good for, and who lies where.
//!
//! It never knows why somebody is admitted. Invariants: a bed goes only where `State::next` lets it; reserved
//! and occupied it becomes by an admission alone; a closed ward has nobody in it; no two numbers that look alike
//! stand side by side.

use super::admission;
use super::booking::Change;
use super::department;
use super::text::key;
use super::words::words;
use super::{Failure, refuse};
use crate::store::statements::{bed, ward};
use crate::store::{Error, Row, Transaction, params};
use std::collections::HashMap;

/// More beds than a ward has; a board shows all of them at once.
pub const BEDS_MAX: usize = 200;

words! {
    /// What a bed is good for.
    pub enum State, "a bed is in a state" {
        Free = "free",
        /// Kept for somebody who is to be admitted.
        Reserved = "reserved",
        Occupied = "occupied",
        /// Somebody has left it, and it is not ready yet.
        Cleaning = "cleaning",
        /// Out of use.
        Blocked = "blocked",
    }
}

impl State {
    /// Where it may go from here.
    pub fn next(self) -> &'static [State] {
        match self {
            State::Free => &[State::Reserved, State::Occupied, State::Cleaning, State::Blocked],
            State::Reserved => &[State::Occupied, State::Free],
            State::Occupied => &[State::Cleaning],
            State::Cleaning => &[State::Free, State::Blocked],
            State::Blocked => &[State::Free, State::Cleaning],
        }
    }

    /// Where somebody on the ward may take it from here, who admits nobody.
    pub fn next_by_hand(self) -> Vec<State> {
        let is_by_hand = |state: State| matches!(state, State::Free | State::Cleaning | State::Blocked);
        self.next().iter().copied().filter(|to| is_by_hand(self) && is_by_hand(*to)).collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ward {
    pub ward_id: i64,
    pub number: String,
    pub name: String,
    pub department: Option<String>,
    pub is_closed: bool,
}

impl Ward {
    fn from_row(row: &Row<'_>) -> Result<Ward, Error> {
        Ok(Ward {
            ward_id: row.integer(0)?,
            number: row.string(1)?,
            name: row.string(2)?,
            department: row.optional_string(3)?,
            is_closed: row.value(4)?.is_true(),
        })
    }
}

/// A ward, and how many beds it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub ward: Ward,
    pub beds: i64,
    pub free_beds: i64,
}

/// A bed, and what it has of its ward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bed {
    pub bed_id: i64,
    pub ward_id: i64,
    pub number: String,
    pub state: State,
    /// Why it is as it is.
    pub reason: Option<String>,
    pub changed_ms: i64,
    pub ward_number: String,
    pub department: Option<String>,
    pub is_in_closed_ward: bool,
}

impl Bed {
    fn from_row(row: &Row<'_>) -> Result<Bed, Error> {
        Ok(Bed {
            bed_id: row.integer(0)?,
            ward_id: row.integer(1)?,
            number: row.string(2)?,
            state: State::parse(row.text(3)?)?,
            reason: row.optional_string(4)?,
            changed_ms: row.integer(5)?,
            ward_number: row.string(6)?,
            department: row.optional_string(7)?,
            is_in_closed_ward: row.value(8)?.is_true(),
        })
    }
}

/// Who lies in a bed, or for whom it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occupant {
    pub admission_id: i64,
    pub patient_id: i64,
    pub patient_name: String,
    pub doctor_id: i64,
    pub doctor_name: String,
    pub state: admission::State,
    /// Since when they lie in it, or it is kept.
    pub since_ms: i64,
    /// The day on which the stay is expected to end.
    pub expected_on: Option<String>,
}

/// A bed as the board of its ward shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardBed {
    pub bed_id: i64,
    pub number: String,
    pub state: State,
    pub reason: Option<String>,
    pub changed_ms: i64,
    pub occupant: Option<Occupant>,
}

impl BoardBed {
    fn from_row(row: &Row<'_>) -> Result<BoardBed, Error> {
        let occupant = match row.optional_integer(5)? {
            None => None,
            Some(admission_id) => Some(Occupant {
                admission_id,
                patient_id: row.integer(6)?,
                patient_name: row.string(7)?,
                doctor_id: row.integer(8)?,
                doctor_name: row.string(9)?,
                state: admission::State::parse(row.text(10)?)?,
                since_ms: row.integer(11)?,
                expected_on: row.optional_string(12)?,
            }),
        };
        Ok(BoardBed {
            bed_id: row.integer(0)?,
            number: row.string(1)?,
            state: State::parse(row.text(2)?)?,
            reason: row.optional_string(3)?,
            changed_ms: row.integer(4)?,
            occupant,
        })
    }
}

/// A ward with all of its beds, in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    pub ward: Ward,
    pub beds: Vec<BoardBed>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    UnknownWard,
    UnknownBed,
    /// Another ward has this number.
    WardNumberTaken {
        ward_id: i64,
    },
    /// No doctor is of that department.
    UnknownDepartment,
    /// Another bed of the ward has this number.
    BedNumberTaken {
        bed_id: i64,
    },
    /// A ward to be has two beds of this number, of which it gets none.
    BedNumberTwice {
        number: String,
    },
    TooManyBeds,
    WardClosed,
    /// So many stays in it are not over, or are asked for.
    NotEmpty {
        admissions: i64,
    },
    BadTransition {
        from: State,
        to: State,
    },
}

pub type Outcome<T> = Result<T, Failure<Refusal>>;

/// A ward to be.
#[derive(Debug, Clone, Copy)]
pub struct NewWard<'a> {
    pub number: &'a str,
    pub name: &'a str,
    pub department: Option<&'a str>,
}

/// Makes a ward with beds of these numbers. Returns its id.
pub fn add<'a>(
    change: &mut Change<'_, '_>,
    new: &NewWard<'_>,
    beds: impl Iterator<Item = &'a str>,
) -> Outcome<i64> {
    let transaction = change.transaction;
    if let Some(name) = new.department
        && !department::is_there(transaction, name)?
    {
        return refuse(Refusal::UnknownDepartment);
    }
    let mut wards = Numbers::new();
    transaction.each(&ward::NUMBERS, params![], |row| take_number(&mut wards, row))?;
    if let Some(ward_id) = wards.get(&key(new.number)) {
        return refuse(Refusal::WardNumberTaken { ward_id: *ward_id });
    }
    let ward_id = transaction.insert(&ward::INSERT, params![new.number, new.name, new.department])?;
    let mut had = Numbers::new();
    for (count, number) in beds.enumerate() {
        if count >= BEDS_MAX {
            return refuse(Refusal::TooManyBeds);
        }
        insert_bed(change, ward_id, number, &mut had).map_err(|failure| match failure {
            Failure::Refused(_) => Failure::Refused(Refusal::BedNumberTwice { number: number.to_owned() }),
            fault @ Failure::Fault(_) => fault,
        })?;
    }
    change.changes.wards.insert(ward_id);
    Ok(ward_id)
}

/// Makes one more bed of a ward. Returns its id.
pub fn add_bed(change: &mut Change<'_, '_>, ward_id: i64, number: &str) -> Outcome<i64> {
    if known(change.transaction, ward_id)?.is_closed {
        return refuse(Refusal::WardClosed);
    }
    let mut had = Numbers::new();
    change.transaction.each(&bed::NUMBERS, params![ward_id], |row| take_number(&mut had, row))?;
    if had.len() >= BEDS_MAX {
        return refuse(Refusal::TooManyBeds);
    }
    let bed_id = insert_bed(change, ward_id, number, &mut had)?;
    change.changes.wards.insert(ward_id);
    Ok(bed_id)
}

/// Numbers as they are compared, 3a and the fullwidth form of it as 3A, and what has each.
type Numbers = HashMap<String, i64>;

fn take_number(numbers: &mut Numbers, row: &Row<'_>) -> Result<(), Error> {
    numbers.insert(key(row.text(1)?), row.integer(0)?);
    Ok(())
}

fn insert_bed(change: &Change<'_, '_>, ward_id: i64, number: &str, had: &mut Numbers) -> Outcome<i64> {
    let key = key(number);
    if let Some(bed_id) = had.get(&key) {
        return refuse(Refusal::BedNumberTaken { bed_id: *bed_id });
    }
    let bed_id = change.transaction.insert(&bed::INSERT, params![ward_id, number, change.now.unix_ms])?;
    had.insert(key, bed_id);
    Ok(bed_id)
}

/// Nobody can be admitted to a ward any longer, in which nobody lies and for which nobody is asked.
pub fn close(change: &mut Change<'_, '_>, ward_id: i64) -> Outcome<()> {
    if known(change.transaction, ward_id)?.is_closed {
        return Ok(());
    }
    let open = change.transaction.first(&ward::COUNT_OPEN, params![ward_id], |row| row.integer(0))?;
    if let Some(admissions) = open.filter(|open| *open > 0) {
        return refuse(Refusal::NotEmpty { admissions });
    }
    change.transaction.execute(&ward::CLOSE, params![ward_id])?;
    change.changes.wards.insert(ward_id);
    Ok(())
}

/// Somebody on the ward says what a bed is good for.
pub fn set_bed_state(
    change: &mut Change<'_, '_>,
    bed_id: i64,
    to: State,
    reason: Option<&str>,
) -> Outcome<Bed> {
    let Some(found) = bed_by_id(change.transaction, bed_id)? else {
        return refuse(Refusal::UnknownBed);
    };
    if !found.state.next_by_hand().contains(&to) {
        return refuse(Refusal::BadTransition { from: found.state, to });
    }
    set(change, &found, to, reason, change.now.unix_ms)?;
    bed_by_id(change.transaction, bed_id)?.ok_or(Failure::Refused(Refusal::UnknownBed))
}

/// Writes a step of a bed. Its caller has found out that it may go there.
pub(super) fn set(
    change: &mut Change<'_, '_>,
    found: &Bed,
    to: State,
    reason: Option<&str>,
    at_ms: i64,
) -> Result<(), Error> {
    if !found.state.next().contains(&to) {
        let (from, to) = (found.state.word(), to.word());
        return Err(Error::Other(format!("a bed that is {from} was to become {to}")));
    }
    change.transaction.execute(&bed::SET_STATE, params![found.bed_id, to.word(), reason, at_ms])?;
    change.changes.wards.insert(found.ward_id);
    Ok(())
}

fn known(transaction: &Transaction<'_>, ward_id: i64) -> Outcome<Ward> {
    by_id(transaction, ward_id)?.ok_or(Failure::Refused(Refusal::UnknownWard))
}

pub fn by_id(transaction: &Transaction<'_>, ward_id: i64) -> Result<Option<Ward>, Error> {
    transaction.first(&ward::BY_ID, params![ward_id], Ward::from_row)
}

pub fn bed_by_id(transaction: &Transaction<'_>, bed_id: i64) -> Result<Option<Bed>, Error> {
    transaction.first(&bed::BY_ID, params![bed_id], Bed::from_row)
}

/// Hands wards to `sink` in the order in which they were made, those after `after`.
pub fn list(
    transaction: &Transaction<'_>,
    after: i64,
    limit: i64,
    mut sink: impl FnMut(Listed),
) -> Result<(), Error> {
    transaction.each(&ward::LIST, params![after, limit], |row| {
        sink(Listed { ward: Ward::from_row(row)?, beds: row.integer(5)?, free_beds: row.integer(6)? });
        Ok(())
    })
}

/// The board of a ward; none where there is no such ward.
pub fn board(transaction: &Transaction<'_>, ward_id: i64) -> Result<Option<Board>, Error> {
    let Some(ward) = by_id(transaction, ward_id)? else { return Ok(None) };
    let beds = transaction.all(&ward::BOARD, params![ward_id], BoardBed::from_row)?;
    Ok(Some(Board { ward, beds }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bed_is_reserved_and_occupied_by_admissions_alone() {
        for from in State::ALL {
            for to in from.next_by_hand() {
                assert!(from.next().contains(&to));
                for state in [from, to] {
                    assert!(!matches!(state, State::Reserved | State::Occupied), "{from:?} to {to:?}");
                }
            }
        }
        assert_eq!(State::Occupied.next(), [State::Cleaning], "nobody lies down in what was just left");
    }
}
