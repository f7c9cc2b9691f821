//! Departments, which are what doctors say they belong to, and the doctor who leads each.
//!
//! It never knows what a head may do. Invariant: a department has one head at the most, who is a doctor.

use super::Failure;
use crate::store::statements::{department, doctor};
use crate::store::{Error, Transaction, params};

/// A department.
pub struct Department<'a> {
    pub name: &'a str,
    /// How many doctors it has.
    pub doctors: i64,
    pub head_id: Option<i64>,
    pub head_name: Option<&'a str>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No doctor belongs to it.
    UnknownDepartment,
    UnknownDoctor,
}

/// Names the doctor who leads a department, or nobody.
pub fn set_head(
    transaction: &Transaction<'_>,
    name: &str,
    doctor_id: Option<i64>,
) -> Result<(), Failure<Refusal>> {
    if !is_there(transaction, name)? {
        return Err(Failure::Refused(Refusal::UnknownDepartment));
    }
    let Some(doctor_id) = doctor_id else {
        transaction.execute(&department::REMOVE_HEAD, params![name])?;
        return Ok(());
    };
    if transaction.first(&doctor::EXISTS, params![doctor_id], |row| row.integer(0))?.is_none() {
        return Err(Failure::Refused(Refusal::UnknownDoctor));
    }
    transaction.execute(&department::SET_HEAD, params![name, doctor_id])?;
    Ok(())
}

/// Whether a doctor belongs to a department of this name.
pub fn is_there(transaction: &Transaction<'_>, name: &str) -> Result<bool, Error> {
    Ok(transaction.first(&department::EXISTS, params![name], |row| row.integer(0))?.is_some())
}

/// Who leads a department.
pub fn head(transaction: &Transaction<'_>, name: &str) -> Result<Option<i64>, Error> {
    transaction.first(&department::HEAD, params![name], |row| row.integer(0))
}

/// Who leads the department that a doctor belongs to.
pub fn head_of_doctor(transaction: &Transaction<'_>, doctor_id: i64) -> Result<Option<i64>, Error> {
    transaction.first(&department::HEAD_OF_DOCTOR, params![doctor_id], |row| row.integer(0))
}

/// Hands each department to `sink`, in the order of their names.
pub fn list(transaction: &Transaction<'_>, mut sink: impl FnMut(&Department<'_>)) -> Result<(), Error> {
    transaction.each(&department::LIST, params![], |row| {
        sink(&Department {
            name: row.text(0)?,
            doctors: row.integer(1)?,
            head_id: row.optional_integer(2)?,
            head_name: row.optional_text(3)?,
        });
        Ok(())
    })
}
