//! Patients: what is known of them, and how it is changed.
//!
//! It never knows their credentials or their appointments. Invariant: a patient's phone number is the
//! username of their account, and both change together.

use super::access::{Reach, Role};
use super::{Failure, account};
use crate::store::statements::patient;
use crate::store::{Error, Row, Statement, Transaction, Value, params};

/// A patient and their account. Dates may hold whatever the old schema let in.
pub struct Patient<'a> {
    pub patient_id: i64,
    pub name: &'a str,
    pub birth_date: Value<'a>,
    pub id_card: Option<&'a str>,
    pub phone: Option<&'a str>,
    pub email: Option<&'a str>,
    pub created_at: Value<'a>,
    pub username: &'a str,
    pub role: &'a str,
    pub account_created_at: Value<'a>,
}

impl<'a> Patient<'a> {
    fn from_row(row: &Row<'a>) -> Result<Patient<'a>, Error> {
        Ok(Patient {
            patient_id: row.integer(0)?,
            name: row.text(1)?,
            birth_date: row.value(2)?,
            id_card: row.optional_text(3)?,
            phone: row.optional_text(4)?,
            email: row.optional_text(5)?,
            created_at: row.value(6)?,
            username: row.text(7)?,
            role: row.text(8)?,
            account_created_at: row.value(9)?,
        })
    }
}

/// Hands the first patient of that name to `sink`. Returns `None` where there is none.
pub fn by_name<T>(
    transaction: &Transaction<'_>,
    name: &str,
    sink: impl FnOnce(&Patient<'_>) -> T,
) -> Result<Option<T>, Error> {
    transaction.first(&patient::BY_NAME, params![name], |row| Ok(sink(&Patient::from_row(row)?)))
}

/// What can be changed of a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Name,
    BirthDate,
    IdCard,
    Phone,
    Email,
}

impl Field {
    fn statement(self) -> &'static Statement {
        match self {
            Field::Name => &patient::SET_NAME,
            Field::BirthDate => &patient::SET_BIRTH_DATE,
            Field::IdCard => &patient::SET_ID_CARD,
            Field::Phone => &patient::SET_PHONE,
            Field::Email => &patient::SET_EMAIL,
        }
    }
}

/// A change of nothing.
#[derive(Debug, PartialEq, Eq)]
pub struct NothingToChange;

/// The id of the patient who has `phone`, if their account is within reach.
pub fn id_by_phone(transaction: &Transaction<'_>, phone: &str, reach: Reach) -> Result<Option<i64>, Error> {
    match transaction.first(&patient::ID_BY_PHONE, params![phone], |row| row.integer(0))? {
        Some(patient_id) if account::is_within(transaction, patient_id, reach)? => Ok(Some(patient_id)),
        _ => Ok(None),
    }
}

/// Changes a patient.
pub fn update(
    transaction: &Transaction<'_>,
    patient_id: i64,
    changes: &[(Field, Value<'_>)],
) -> Result<(), Failure<NothingToChange>> {
    if changes.is_empty() {
        return Err(Failure::Refused(NothingToChange));
    }
    for (field, value) in changes {
        if *field == Field::Phone {
            account::rename(transaction, patient_id, Role::Patient, *value)?;
        }
        transaction.execute(field.statement(), params![patient_id, value])?;
    }
    Ok(())
}

/// What identifies a patient, and how to reach them.
pub struct Basics<'a> {
    pub patient_id: i64,
    pub name: &'a str,
    pub birth_date: Option<&'a str>,
    pub id_card: Option<&'a str>,
    pub phone: Option<&'a str>,
    pub email: Option<&'a str>,
}

impl<'a> Basics<'a> {
    fn from_row(row: &Row<'a>) -> Result<Basics<'a>, Error> {
        let birth_date = match row.value(2)? {
            Value::Text(text) => Some(text),
            _ => None,
        };
        Ok(Basics {
            patient_id: row.integer(0)?,
            name: row.text(1)?,
            birth_date,
            id_card: row.optional_text(3)?,
            phone: row.optional_text(4)?,
            email: row.optional_text(5)?,
        })
    }
}

/// Hands a patient to `sink`. Returns `None` where there is none.
pub fn by_id<T>(
    transaction: &Transaction<'_>,
    patient_id: i64,
    sink: impl FnOnce(&Basics<'_>) -> T,
) -> Result<Option<T>, Error> {
    transaction.first(&patient::BY_ID, params![patient_id], |row| Ok(sink(&Basics::from_row(row)?)))
}

/// What patients are looked for by.
#[derive(Debug, Clone, Copy)]
pub enum Search<'a> {
    NamePrefix(&'a str),
    Phone(&'a str),
    IdCard(&'a str),
}

/// Behind every text that begins with the same letters.
const LAST_LETTER: char = char::MAX;

/// Hands the patients found to `sink`: by name in the order of names, else of ids. `after` is the last
/// patient of the page before.
pub fn search(
    transaction: &Transaction<'_>,
    search: Search<'_>,
    after: Option<i64>,
    limit: i64,
    mut sink: impl FnMut(&Basics<'_>),
) -> Result<(), Error> {
    let each = |row: &Row<'_>| {
        sink(&Basics::from_row(row)?);
        Ok(())
    };
    match (search, after) {
        (Search::NamePrefix(prefix), None) => {
            let behind = format!("{prefix}{LAST_LETTER}");
            transaction.each(&patient::SEARCH_NAME, params![prefix, behind, limit], each)
        }
        (Search::NamePrefix(prefix), Some(after)) => {
            let behind = format!("{prefix}{LAST_LETTER}");
            transaction.each(&patient::SEARCH_NAME_AFTER, params![prefix, behind, limit, after], each)
        }
        (Search::Phone(phone), after) => {
            transaction.each(&patient::SEARCH_PHONE, params![phone, after.unwrap_or(0), limit], each)
        }
        (Search::IdCard(card), after) => {
            transaction.each(&patient::SEARCH_ID_CARD, params![card, after.unwrap_or(0), limit], each)
        }
    }
}
