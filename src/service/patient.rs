//! Patients: what is known of them, and how it is changed.
//!
//! It never knows their credentials or their appointments. Invariant: a patient's phone number is the
//! username of their account, and both change together.

use super::Failure;
use crate::store::statements::{account, patient};
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

#[derive(Debug, PartialEq, Eq)]
pub enum UpdateRefusal {
    UnknownPatient,
    NothingToChange,
}

/// Changes the patient who has `phone`. Returns their id.
pub fn update(
    transaction: &Transaction<'_>,
    phone: &str,
    changes: &[(Field, Value<'_>)],
) -> Result<i64, Failure<UpdateRefusal>> {
    let id = transaction
        .first(&patient::ID_BY_PHONE, params![phone], |row| row.integer(0))?
        .ok_or(Failure::Refused(UpdateRefusal::UnknownPatient))?;
    if changes.is_empty() {
        return Err(Failure::Refused(UpdateRefusal::NothingToChange));
    }
    for (field, value) in changes {
        if *field == Field::Phone {
            transaction.execute(&account::SET_USERNAME, params![id, value])?;
        }
        transaction.execute(field.statement(), params![id, value])?;
    }
    Ok(id)
}
