//! Accounts: who may log in, and how one comes to have an account.
//!
//! It never knows who is connected. Invariant: a username is one account's only, and a person is registered
//! with account and details in one step or not at all.

use super::memory::Memory;
use super::time::Now;
use super::{Failure, credential};
use crate::store::statements::{account, doctor, patient};
use crate::store::{Error, Transaction, params};

/// Patients that a doctor without a setting of their own sees in a day.
const MAX_PATIENTS_DEFAULT: i64 = 30;

/// What a login came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    Verified,
    WrongPassword,
    UnknownUser,
}

pub fn login(transaction: &Transaction<'_>, username: &str, password: &str) -> Result<Login, Error> {
    let verified = transaction.first(&account::BY_USERNAME, params![username], |row| {
        Ok::<_, Error>(credential::verify_salted_sha256(row.text(1)?, password))
    })?;
    Ok(match verified {
        Some(true) => Login::Verified,
        Some(false) => Login::WrongPassword,
        None => Login::UnknownUser,
    })
}

/// The username is taken: a patient's phone number, a doctor's employee id.
#[derive(Debug, PartialEq, Eq)]
pub struct UsernameTaken;

pub struct NewPatient<'a> {
    pub name: &'a str,
    pub password: &'a str,
    pub phone: &'a str,
    pub birth_date: Option<&'a str>,
    pub id_card: Option<&'a str>,
    pub email: Option<&'a str>,
}

/// Makes a patient's account, whose username is the phone number. Returns the patient's id.
pub fn register_patient(
    transaction: &Transaction<'_>,
    new: &NewPatient<'_>,
    now: &Now,
) -> Result<i64, Failure<UsernameTaken>> {
    let id = create(transaction, new.phone, new.password, "patient", now)?;
    transaction.execute(
        &patient::INSERT,
        params![id, new.name, new.birth_date, new.id_card, new.phone, new.email, now.utc],
    )?;
    Ok(id)
}

pub struct NewDoctor<'a> {
    pub name: &'a str,
    pub password: &'a str,
    pub employee_id: &'a str,
    pub department: Option<&'a str>,
    pub photo_path: Option<&'a str>,
}

/// Makes a doctor's account, whose username is the employee id. Returns the doctor's id.
pub fn register_doctor(
    transaction: &Transaction<'_>,
    new: &NewDoctor<'_>,
    memory: &mut Memory,
    now: &Now,
) -> Result<i64, Failure<UsernameTaken>> {
    let id = create(transaction, new.employee_id, new.password, "doctor", now)?;
    transaction.execute(
        &doctor::INSERT,
        params![id, new.name, new.employee_id, new.department, new.photo_path, MAX_PATIENTS_DEFAULT],
    )?;
    memory.forget_doctors();
    Ok(id)
}

fn create(
    transaction: &Transaction<'_>,
    username: &str,
    password: &str,
    role: &str,
    now: &Now,
) -> Result<i64, Failure<UsernameTaken>> {
    if find(transaction, username)?.is_some() {
        return Err(Failure::Refused(UsernameTaken));
    }
    let hash = credential::hash_salted_sha256(password).map_err(Error::Other)?;
    Ok(transaction.insert(&account::INSERT, params![username, hash, role, now.utc])?)
}

/// There is no account of that name.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownUser;

/// Gives an account another password.
pub fn reset_password(
    transaction: &Transaction<'_>,
    username: &str,
    new_password: &str,
) -> Result<(), Failure<UnknownUser>> {
    let id = find(transaction, username)?.ok_or(Failure::Refused(UnknownUser))?;
    let hash = credential::hash_salted_sha256(new_password).map_err(Error::Other)?;
    transaction.execute(&account::SET_PASSWORD, params![id, hash])?;
    Ok(())
}

fn find(transaction: &Transaction<'_>, username: &str) -> Result<Option<i64>, Error> {
    transaction.first(&account::BY_USERNAME, params![username], |row| row.integer(0))
}
