//! Doctors: what is known of them, and how it is changed.
//!
//! It never knows their credentials or their patients. Invariant: a doctor's employee id is the username of
//! their account, and both change together.

use super::access::{Reach, Role};
use super::memory::Memory;
use super::{Failure, account};
use crate::store::statements::doctor;
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

/// A change of nothing.
#[derive(Debug, PartialEq, Eq)]
pub struct NothingToChange;

/// The id of the doctor who has `employee_id`, if their account is within reach.
pub fn id_by_employee_id(
    transaction: &Transaction<'_>,
    employee_id: &str,
    reach: Reach,
) -> Result<Option<i64>, Error> {
    match transaction.first(&doctor::ID_BY_EMPLOYEE_ID, params![employee_id], |row| row.integer(0))? {
        Some(doctor_id) if account::is_within(transaction, doctor_id, reach)? => Ok(Some(doctor_id)),
        _ => Ok(None),
    }
}

/// Changes a doctor.
pub fn update(
    transaction: &Transaction<'_>,
    doctor_id: i64,
    changes: &[(Field, Value<'_>)],
    memory: &mut Memory,
) -> Result<(), Failure<NothingToChange>> {
    if changes.is_empty() {
        return Err(Failure::Refused(NothingToChange));
    }
    for (field, value) in changes {
        if *field == Field::EmployeeId {
            account::rename(transaction, doctor_id, Role::Doctor, *value)?;
        }
        transaction.execute(field.statement(), params![doctor_id, value])?;
    }
    memory.forget_doctors();
    Ok(())
}

/// What everyone may know of a doctor.
pub struct Profile<'a> {
    pub doctor_id: i64,
    pub name: &'a str,
    pub department: Option<&'a str>,
    pub photo_path: Option<&'a str>,
    pub max_patients: Option<i64>,
    /// In yuan, as the old schema has it.
    pub fee: Option<f64>,
    /// JSON, as the old schema has it.
    pub work_schedule: Option<&'a str>,
    pub is_available: bool,
}

impl<'a> Profile<'a> {
    fn from_row(row: &Row<'a>) -> Result<Profile<'a>, Error> {
        let max_patients = match row.value(4)? {
            Value::Integer(number) => Some(number),
            _ => None,
        };
        let fee = match row.value(5)? {
            #[expect(clippy::cast_precision_loss, reason = "a fee is far from where that would show")]
            Value::Integer(yuan) => Some(yuan as f64),
            Value::Real(yuan) => Some(yuan),
            _ => None,
        };
        Ok(Profile {
            doctor_id: row.integer(0)?,
            name: row.text(1)?,
            department: row.optional_text(2)?,
            photo_path: row.optional_text(3)?,
            max_patients,
            fee,
            work_schedule: row.optional_text(6)?,
            is_available: row.value(7)?.is_true(),
        })
    }
}

/// Hands a doctor's profile to `sink`. Returns `None` where there is no such doctor.
pub fn by_id<T>(
    transaction: &Transaction<'_>,
    doctor_id: i64,
    sink: impl FnOnce(&Profile<'_>) -> T,
) -> Result<Option<T>, Error> {
    transaction.first(&doctor::BY_ID, params![doctor_id], |row| Ok(sink(&Profile::from_row(row)?)))
}

/// Hands doctors with ids above `after` to `sink`, in the order of their ids; of one department, if one is
/// given.
pub fn list(
    transaction: &Transaction<'_>,
    department: Option<&str>,
    after: i64,
    limit: i64,
    mut sink: impl FnMut(&Profile<'_>),
) -> Result<(), Error> {
    let each = |row: &Row<'_>| {
        sink(&Profile::from_row(row)?);
        Ok(())
    };
    match department {
        Some(department) => transaction.each(&doctor::OF_DEPARTMENT, params![department, after, limit], each),
        None => transaction.each(&doctor::LIST, params![after, limit], each),
    }
}
