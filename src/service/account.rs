//! Accounts: how one comes to have an account, and what becomes of it.
//!
//! It never knows who is connected, or a password: it is given what to store. Invariant: a username is one
//! account's only, and a person is registered with account and details in one step or not at all.

use super::access::{Reach, Role};
use super::credential::Remembered;
use super::memory::Memory;
use super::time::Now;
use super::{Failure, session, throttle};
use crate::store::statements::{account, doctor, patient};
use crate::store::{Error, Row, Transaction, Value, params};

/// The longest texts that new accounts have, in letters.
pub const USERNAME_CHARS_MAX: usize = 32;
pub const NAME_CHARS_MAX: usize = 64;
pub const DEPARTMENT_CHARS_MAX: usize = 64;
pub const PASSWORD_CHARS_MAX: usize = 256;

/// Patients that a doctor without a setting of their own sees in a day.
const MAX_PATIENTS_DEFAULT: i64 = 30;

/// The username is taken: a patient's phone number, a doctor's employee id.
#[derive(Debug, PartialEq, Eq)]
pub struct UsernameTaken;

pub struct NewPatient<'a> {
    pub name: &'a str,
    /// As it is stored.
    pub password_hash: &'a str,
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
    let id = create(transaction, new.phone, new.password_hash, Role::Patient, now)?;
    transaction.execute(
        &patient::INSERT,
        params![id, new.name, new.birth_date, new.id_card, new.phone, new.email, now.utc],
    )?;
    Ok(id)
}

pub struct NewDoctor<'a> {
    pub name: &'a str,
    /// As it is stored.
    pub password_hash: &'a str,
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
    let id = create(transaction, new.employee_id, new.password_hash, Role::Doctor, now)?;
    transaction.execute(
        &doctor::INSERT,
        params![id, new.name, new.employee_id, new.department, new.photo_path, MAX_PATIENTS_DEFAULT],
    )?;
    memory.forget_doctors();
    Ok(id)
}

pub struct NewStaff<'a> {
    pub username: &'a str,
    pub name: &'a str,
    /// As it is stored.
    pub password_hash: &'a str,
    /// Nurse, clerk or admin.
    pub role: Role,
}

/// Makes an account of someone who is neither patient nor doctor. Returns the user's id.
pub fn register_staff(
    transaction: &Transaction<'_>,
    new: &NewStaff<'_>,
    now: &Now,
) -> Result<i64, Failure<UsernameTaken>> {
    let id = create(transaction, new.username, new.password_hash, new.role, now)?;
    transaction.execute(&account::SET_NAME, params![id, new.name])?;
    Ok(id)
}

fn create(
    transaction: &Transaction<'_>,
    username: &str,
    password_hash: &str,
    role: Role,
    now: &Now,
) -> Result<i64, Failure<UsernameTaken>> {
    if find(transaction, username)?.is_some() {
        return Err(Failure::Refused(UsernameTaken));
    }
    Ok(transaction.insert(&account::INSERT, params![username, password_hash, role.word(), now.utc])?)
}

/// Gives an account another password, in the form in which it is stored. Its failed logins are forgotten, its
/// login is remembered no longer where somebody remembers, and its sessions end, but for `kept`. Returns how
/// many have ended.
pub fn set_password(
    transaction: &Transaction<'_>,
    user_id: i64,
    username: &str,
    password_hash: &str,
    kept: Option<i64>,
    remembered: Option<&mut Remembered>,
) -> Result<usize, Error> {
    transaction.execute(&account::SET_PASSWORD, params![user_id, password_hash])?;
    throttle::unlock(transaction, username)?;
    if let Some(remembered) = remembered {
        remembered.forget(username);
    }
    session::end_all(transaction, user_id, kept)
}

/// The id of the account of that name.
pub fn find(transaction: &Transaction<'_>, username: &str) -> Result<Option<i64>, Error> {
    transaction.first(&account::BY_USERNAME, params![username], |row| row.integer(0))
}

/// The id of the account of that name, if it is within reach.
pub fn find_within(
    transaction: &Transaction<'_>,
    username: &str,
    reach: Reach,
) -> Result<Option<i64>, Error> {
    match find(transaction, username)? {
        Some(user_id) if is_within(transaction, user_id, reach)? => Ok(Some(user_id)),
        _ => Ok(None),
    }
}

/// Whether there is an account of that id within reach.
pub fn is_within(transaction: &Transaction<'_>, user_id: i64, reach: Reach) -> Result<bool, Error> {
    let found = by_id(transaction, user_id, |account| {
        Role::find(account.role).is_some_and(|role| reach.covers(role, account.is_auditor))
    })?;
    Ok(found == Some(true))
}

/// Gives the account of a patient or a doctor another name, which is also what is known of them. An account
/// that has come to be another role's keeps its name: whoever changes the rest of an entry must not be able to
/// rename the login of an administrator.
pub fn rename(
    transaction: &Transaction<'_>,
    user_id: i64,
    role: Role,
    username: Value<'_>,
) -> Result<(), Error> {
    transaction.execute(&account::SET_USERNAME, params![user_id, username, role.word()])?;
    Ok(())
}

/// An account, as an administrator sees it.
pub struct Account<'a> {
    pub user_id: i64,
    pub username: &'a str,
    pub role: &'a str,
    pub name: Option<&'a str>,
    pub is_auditor: bool,
    /// In milliseconds since 1970.
    pub disabled_at: Option<i64>,
    /// `YYYY-MM-DD HH:MM:SS` in UTC.
    pub created_at: Option<&'a str>,
}

impl<'a> Account<'a> {
    fn from_row(row: &Row<'a>) -> Result<Account<'a>, Error> {
        Ok(Account {
            user_id: row.integer(0)?,
            username: row.text(1)?,
            role: row.text(2)?,
            name: row.optional_text(3)?,
            is_auditor: row.integer(4)? != 0,
            disabled_at: row.optional_integer(5)?,
            created_at: row.optional_text(6)?,
        })
    }
}

pub fn by_id<T>(
    transaction: &Transaction<'_>,
    user_id: i64,
    sink: impl FnOnce(&Account<'_>) -> T,
) -> Result<Option<T>, Error> {
    transaction.first(&account::BY_ID, params![user_id], |row| Ok(sink(&Account::from_row(row)?)))
}

/// Hands accounts with ids above `after` to `sink`, in the order of their ids; of one role, if one is given.
pub fn list(
    transaction: &Transaction<'_>,
    role: Option<Role>,
    after: i64,
    limit: i64,
    mut sink: impl FnMut(&Account<'_>),
) -> Result<(), Error> {
    transaction.each(&account::LIST, params![role.map(Role::word), after, limit], |row| {
        sink(&Account::from_row(row)?);
        Ok(())
    })
}

/// Lets an account be used no longer: its login is remembered no longer where somebody remembers, and its
/// sessions end. Returns how many have ended.
pub fn disable(
    transaction: &Transaction<'_>,
    user_id: i64,
    username: &str,
    remembered: Option<&mut Remembered>,
    now: &Now,
) -> Result<usize, Error> {
    transaction.execute(&account::SET_DISABLED, params![user_id, now.unix_ms])?;
    if let Some(remembered) = remembered {
        remembered.forget(username);
    }
    session::end_all(transaction, user_id, None)
}

/// Lets an account be used again.
pub fn enable(transaction: &Transaction<'_>, user_id: i64) -> Result<(), Error> {
    transaction.execute(&account::SET_DISABLED, params![user_id, None::<i64>])?;
    Ok(())
}

pub fn set_auditor(transaction: &Transaction<'_>, user_id: i64, is_auditor: bool) -> Result<(), Error> {
    transaction.execute(&account::SET_AUDITOR, params![user_id, i64::from(is_auditor)])?;
    Ok(())
}

/// Why someone cannot become something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RoleRefusal {
    #[error("there is no such account")]
    UnknownUser,
    #[error("a patient's account stays a patient's; create another one for their work")]
    Patient,
    #[error("nobody becomes a doctor who has no entry among the doctors; create an account with role doctor")]
    NoDoctor,
    #[error("an auditor cannot be an administrator")]
    AuditingAdmin,
}

/// Whether someone of that role may read the trail as well: whoever makes and changes accounts must not be the
/// one who looks into what was done with them.
pub fn check_auditor(role: Role, is_auditor: bool) -> Result<(), RoleRefusal> {
    if role == Role::Admin && is_auditor { Err(RoleRefusal::AuditingAdmin) } else { Ok(()) }
}

/// Gives an account of the staff another role, and says whether it may read the trail.
pub fn set_role(
    transaction: &Transaction<'_>,
    user_id: i64,
    role: Role,
    is_auditor: bool,
) -> Result<(), Failure<RoleRefusal>> {
    let refuse = |refusal| Err(Failure::Refused(refusal));
    let current = by_id(transaction, user_id, |account| Role::find(account.role))?;
    let Some(current) = current else { return refuse(RoleRefusal::UnknownUser) };
    if current == Some(Role::Patient) || role == Role::Patient {
        return refuse(RoleRefusal::Patient);
    }
    check_auditor(role, is_auditor).map_err(Failure::Refused)?;
    if role == Role::Doctor
        && transaction.first(&doctor::EXISTS, params![user_id], |row| row.integer(0))? != Some(1)
    {
        return refuse(RoleRefusal::NoDoctor);
    }
    transaction.execute(&account::SET_ROLE, params![user_id, role.word()])?;
    set_auditor(transaction, user_id, is_auditor)?;
    Ok(())
}
