//! Doctors: what is known of them, and how it is changed.
//!
//! It never knows their credentials or their patients. Invariant: a doctor's employee id is the username of
//! their account, and both change together.

use super::Failure;
use super::memory::Memory;
use crate::store::statements::{account, doctor};
use crate::store::{Error, Row, Statement, Transaction, Value, params};

/// A doctor and their account. Numbers, flags and dates may hold whatever the old schema let in.
pub struct Doctor<'a> {
    pub doctor_id: i64,
    pub name: &'a str,
    pub employee_id: &'a str,
    pub department: Option<&'a str>,
    pub photo_path: Option<&'a str>,
    pub max_patients: Value<'a>,
    pub fee: Value<'a>,
    pub work_schedule: Option<&'a str>,
    pub is_available: bool,
    pub username: &'a str,
    pub role: &'a str,
    pub account_created_at: Value<'a>,
}

impl<'a> Doctor<'a> {
    fn from_row(row: &Row<'a>) -> Result<Doctor<'a>, Error> {
        Ok(Doctor {
            doctor_id: row.integer(0)?,
            name: row.text(1)?,
            employee_id: row.text(2)?,
            department: row.optional_text(3)?,
            photo_path: row.optional_text(4)?,
            max_patients: row.value(5)?,
            fee: row.value(6)?,
            work_schedule: row.optional_text(7)?,
            is_available: row.value(8)?.is_true(),
            username: row.text(9)?,
            role: row.text(10)?,
            account_created_at: row.value(11)?,
        })
    }
}

/// Hands the first doctor of that name to `sink`. Returns `None` where there is none.
pub fn by_name<T>(
    transaction: &Transaction<'_>,
    name: &str,
    sink: impl FnOnce(&Doctor<'_>) -> T,
) -> Result<Option<T>, Error> {
    transaction.first(&doctor::BY_NAME, params![name], |row| Ok(sink(&Doctor::from_row(row)?)))
}

/// What can be changed of a doctor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Name,
    EmployeeId,
    Department,
    MaxPatients,
    Fee,
    WorkSchedule,
    IsAvailable,
    PhotoPath,
}

impl Field {
    fn statement(self) -> &'static Statement {
        match self {
            Field::Name => &doctor::SET_NAME,
            Field::EmployeeId => &doctor::SET_EMPLOYEE_ID,
            Field::Department => &doctor::SET_DEPARTMENT,
            Field::MaxPatients => &doctor::SET_MAX_PATIENTS,
            Field::Fee => &doctor::SET_FEE,
            Field::WorkSchedule => &doctor::SET_WORK_SCHEDULE,
            Field::IsAvailable => &doctor::SET_IS_AVAILABLE,
            Field::PhotoPath => &doctor::SET_PHOTO_PATH,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub enum UpdateRefusal {
    UnknownDoctor,
    NothingToChange,
}

/// Changes the doctor who has `employee_id`. Returns their id.
pub fn update(
    transaction: &Transaction<'_>,
    employee_id: &str,
    changes: &[(Field, Value<'_>)],
    memory: &mut Memory,
) -> Result<i64, Failure<UpdateRefusal>> {
    let id = transaction
        .first(&doctor::ID_BY_EMPLOYEE_ID, params![employee_id], |row| row.integer(0))?
        .ok_or(Failure::Refused(UpdateRefusal::UnknownDoctor))?;
    if changes.is_empty() {
        return Err(Failure::Refused(UpdateRefusal::NothingToChange));
    }
    for (field, value) in changes {
        if *field == Field::EmployeeId {
            transaction.execute(&account::SET_USERNAME, params![id, value])?;
        }
        transaction.execute(field.statement(), params![id, value])?;
    }
    memory.forget_doctors();
    Ok(id)
}
