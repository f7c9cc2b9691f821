//! `login`, the two registrations, and `reset_password`.
//!
//! It never knows how a credential is stored. Invariant: no reply says more of an account than the Python
//! server's did.

use super::field::{self, optional_text, searched, text};
use super::{Call, Effect, Reply, Trouble};
use crate::service::Failure;
use crate::service::access::Reach;
use crate::service::account::{self, NewDoctor, NewPatient, UsernameTaken};
use crate::service::login::{self, Login};
use crate::store::Transaction;

pub fn login(
    call: &Call<'_>,
    transaction: &Transaction<'_>,
    reply: &mut Reply<'_>,
) -> Result<Effect, Trouble> {
    // Some old clients send the credential under the name that registration has for it.
    let key = if call.object.has("password") { "password" } else { "password_hash" };
    if !call.object.has("user_name") || !call.object.has(key) {
        reply.result(&"verificationFalse");
        return Ok(Effect::Refused);
    }
    let username = searched(call.object, "user_name")?;
    let password = optional_text(call.object, key, field::LOGIN_CREDENTIAL)?.unwrap_or_default();
    let mut desk = call.desk.borrow_mut();
    let (word, effect) =
        match login::login(transaction, &mut desk, &username, &password, call.peer, call.now)? {
            Login::Verified(actor) => {
                call.notes(actor.user_id, None);
                ("verificationSuccess", Effect::Done)
            }
            // A failure is counted, and that stays.
            Login::WrongPassword { user_id } | Login::Disabled { user_id } => {
                call.notes(user_id, None);
                ("verificationFalse", Effect::Noted)
            }
            Login::UnknownUser => ("verificationFalse_bucunzai", Effect::Noted),
            Login::TooMany(_) => ("verificationFalse_yichang", Effect::Refused),
        };
    reply.result(&word);
    Ok(effect)
}

/// Answers a login that was a success lately, without a write. Returns whether it was one.
pub fn login_again(
    call: &Call<'_>,
    transaction: &Transaction<'_>,
    reply: &mut Reply<'_>,
) -> Result<bool, Trouble> {
    let key = if call.object.has("password") { "password" } else { "password_hash" };
    let username = searched(call.object, "user_name")?;
    let password = optional_text(call.object, key, field::LOGIN_CREDENTIAL)?.unwrap_or_default();
    let mut desk = call.desk.borrow_mut();
    let is_repeated = login::is_repeated(transaction, &mut desk, &username, &password, call.peer, call.now)?;
    if is_repeated {
        reply.result(&"verificationSuccess");
    }
    Ok(is_repeated)
}

pub fn register_patient(
    call: &Call<'_>,
    transaction: &Transaction<'_>,
    reply: &mut Reply<'_>,
) -> Result<Effect, Trouble> {
    let object = call.object;
    let (name, password) =
        (text(object, "name", field::NAME)?, text(object, "password_hash", field::CREDENTIAL)?);
    let (phone, email) =
        (text(object, "phone", field::PHONE)?, optional_text(object, "email", field::EMAIL)?);
    let birth_date = optional_text(object, "birth_date", field::BIRTH_DATE)?;
    let id_card = optional_text(object, "id_card", field::ID_CARD)?;
    let password_hash = call.desk.borrow().hash_for_storing(&password)?;
    let new = NewPatient {
        name: &name,
        password_hash: &password_hash,
        phone: &phone,
        birth_date: birth_date.as_deref(),
        id_card: id_card.as_deref(),
        email: email.as_deref(),
    };
    let outcome = account::register_patient(transaction, &new, call.now);
    if let Ok(patient_id) = outcome {
        call.notes(patient_id, Some(patient_id));
    }
    registered(outcome, "shoujihaoyicunzai", reply)
}

pub fn register_doctor(
    call: &Call<'_>,
    transaction: &Transaction<'_>,
    reply: &mut Reply<'_>,
) -> Result<Effect, Trouble> {
    let object = call.object;
    let (name, password) =
        (text(object, "name", field::NAME)?, text(object, "password_hash", field::CREDENTIAL)?);
    let employee_id = text(object, "employee_id", field::EMPLOYEE_ID)?;
    let department = optional_text(object, "department", field::DEPARTMENT)?;
    let photo_path = optional_text(object, "photo_path", field::PHOTO_PATH)?;
    let (department, photo_path) = (trimmed(department.as_deref()), trimmed(photo_path.as_deref()));
    let password_hash = call.desk.borrow().hash_for_storing(password.trim())?;
    let new = NewDoctor {
        name: name.trim(),
        password_hash: &password_hash,
        employee_id: employee_id.trim(),
        department,
        photo_path,
    };
    let outcome = account::register_doctor(transaction, &new, &mut call.memory.borrow_mut(), call.now);
    if let Ok(doctor_id) = outcome {
        call.notes(doctor_id, None);
    }
    registered(outcome, "gonghaoyicunzai", reply)
}

/// The Python server trimmed a doctor's fields, and took an empty one for none.
fn trimmed(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn registered(
    outcome: Result<i64, Failure<UsernameTaken>>,
    taken: &str,
    reply: &mut Reply<'_>,
) -> Result<Effect, Trouble> {
    match outcome {
        Ok(_) => {
            reply.result(&"chenggongcharu");
            Ok(Effect::Done)
        }
        Err(Failure::Refused(UsernameTaken)) => {
            reply.result(&taken);
            Ok(Effect::Refused)
        }
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}

pub fn reset_password(
    call: &Call<'_>,
    transaction: &Transaction<'_>,
    reply: &mut Reply<'_>,
) -> Result<Effect, Trouble> {
    if !call.object.has("username") || !call.object.has("new_password") {
        reply.result(&"错误: 需要提供username和new_password字段");
        return Ok(Effect::Refused);
    }
    let username = searched(call.object, "username")?;
    let new_password = text(call.object, "new_password", field::CREDENTIAL)?;
    let password_hash = call.desk.borrow().hash_for_storing(&new_password)?;
    let Some(user_id) = account::find_within(transaction, &username, Reach::PATIENTS_AND_DOCTORS)? else {
        reply.result(&format!("错误: 未找到用户名为 {username} 的用户"));
        return Ok(Effect::Refused);
    };
    let remembered = &mut call.desk.borrow_mut().remembered;
    account::set_password(transaction, user_id, &username, &password_hash, None, Some(remembered))?;
    call.notes(user_id, None);
    reply.result(&format!("用户 {username} 的密码更新成功"));
    Ok(Effect::Done)
}
