//! `account.*`: who has an account, and what it may do.

use super::field::{Date, Id, Limit, Line, Name, Password, PhoneNumber, RequestId, Username, choice};
use super::mask::AccountName;
use super::patient;
use super::problem::{Code, Problem, Refusal};
use super::session::{too_many, wrong_credentials};
use super::{Call, Kind, Method, Said, Subject, Whom};
use crate::service::access;
use crate::service::account::{self, NewDoctor, NewPatient, NewStaff, RoleRefusal, UsernameTaken};
use crate::service::audit::Action;
use crate::service::login;
use crate::service::{Failure, session, throttle};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const TAKEN: &str = "another account has this name already";

fn taken(failure: Failure<UsernameTaken>) -> Problem {
    match failure {
        Failure::Refused(UsernameTaken) => Problem::refused(Code::UsernameTaken, TAKEN),
        Failure::Fault(fault) => fault.into(),
    }
}

choice! {
    /// What someone is in the hospital.
    pub enum Role of access::Role {
        Patient,
        Doctor,
        Nurse,
        Clerk,
        Admin,
    }
}

#[derive(Serialize, JsonSchema)]
pub struct Registered {
    /// Also the patient's or the doctor's id.
    pub user_id: i64,
}

pub struct RegisterPatient;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterPatientParams {
    /// The name of the person.
    pub name: Name,
    /// Up to 20 digits, with or without + before them. Becomes the username.
    pub phone: PhoneNumber,
    pub password: Password,
    /// A day, YYYY-MM-DD, not later than today.
    #[serde(default)]
    pub birth_date: Option<Date>,
    #[serde(default)]
    pub id_card: Option<Line<32>>,
    #[serde(default)]
    pub email: Option<Line<254>>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for RegisterPatient {
    const NAME: &'static str = "account.register_patient";
    const SUMMARY: &'static str = "Makes a patient's account, whose username is the phone number.";
    const KIND: Kind = Kind::Write(Action::Create);
    const HAS_PASSWORD: bool = true;
    const ERRORS: &'static [Code] = &[Code::UsernameTaken, Code::TooManyAttempts, Code::RequestIdReused];
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = RegisterPatientParams;
    type Outcome = Registered;

    fn run(
        params: RegisterPatientParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Registered, Problem> {
        call.note.entity = "patient";
        let birth_date = patient::birth_date(params.birth_date.as_ref(), call.now)?;
        admit_registration(&params.phone, call, transaction)?;
        let password_hash = call.desk.hash_for_storing(&params.password)?;
        let new = NewPatient {
            name: &params.name,
            password_hash: &password_hash,
            phone: &params.phone,
            birth_date,
            id_card: params.id_card.as_deref(),
            email: params.email.as_deref(),
        };
        let user_id = account::register_patient(transaction, &new, call.now).map_err(taken)?;
        throttle::registered(transaction, call.peer, &call.desk.rules.throttle, call.now)?;
        (call.note.entity_id, call.note.patient_id) = (Some(user_id), Some(user_id));
        Ok(Registered { user_id })
    }
}

/// Refuses what would come to nothing before a password is derived for it. A phone number that is asked after
/// counts as a registration does, or one could go through them all.
fn admit_registration(phone: &str, call: &Call<'_>, transaction: &Transaction<'_>) -> Result<(), Problem> {
    let rules = &call.desk.rules.throttle;
    if let Err(found) = throttle::check_registration(transaction, call.peer, rules, call.now)? {
        let text = "too many registrations from this address; try again later";
        return Err(Refusal::new(Code::TooManyAttempts, text)
            .with("retry_after_ms", found.retry_after_ms)
            .into());
    }
    if account::find(transaction, phone)?.is_none() {
        return Ok(());
    }
    let refusal = Refusal::new(Code::UsernameTaken, TAKEN);
    let is_counted = throttle::registered(transaction, call.peer, rules, call.now)?;
    Err(if is_counted { Problem::Noted(refusal) } else { refusal.into() })
}

pub struct CreateAccount;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateAccountParams {
    /// A doctor's employee id; what a nurse, a clerk or an administrator logs in with.
    pub username: Username,
    pub password: Password,
    /// doctor, nurse, clerk or admin; patients are registered with account.register_patient.
    pub role: Role,
    /// The name of the person.
    pub name: Name,
    /// A doctor's department.
    #[serde(default)]
    pub department: Option<Line<64>>,
    /// Whether they may read the audit trail; an administrator may not.
    #[serde(default)]
    pub is_auditor: bool,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for CreateAccount {
    const NAME: &'static str = "account.create";
    const SUMMARY: &'static str = "Makes an account of a doctor, a nurse, a clerk or an administrator.";
    const KIND: Kind = Kind::Write(Action::Create);
    const HAS_PASSWORD: bool = true;
    const ERRORS: &'static [Code] = &[Code::UsernameTaken, Code::Conflict, Code::RequestIdReused];
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = CreateAccountParams;
    type Outcome = Registered;

    fn run(
        params: CreateAccountParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Registered, Problem> {
        call.note.entity = "account";
        if params.role == Role::Patient {
            return Err(Problem::invalid("role", "a patient is registered with account.register_patient"));
        }
        if params.role != Role::Doctor && params.department.is_some() {
            return Err(Problem::invalid("department", "is a doctor's"));
        }
        account::check_auditor(params.role.into(), params.is_auditor)
            .map_err(|refusal| Problem::refused(Code::Conflict, refusal.to_string()))?;
        let password_hash = call.desk.hash_for_storing(&params.password)?;
        let user_id = if params.role == Role::Doctor {
            let new = NewDoctor {
                name: &params.name,
                password_hash: &password_hash,
                employee_id: &params.username,
                department: params.department.as_deref(),
                photo_path: None,
            };
            account::register_doctor(transaction, &new, call.memory, call.now)
        } else {
            let new = NewStaff {
                username: &params.username,
                name: &params.name,
                password_hash: &password_hash,
                role: params.role.into(),
            };
            account::register_staff(transaction, &new, call.now)
        }
        .map_err(taken)?;
        if params.is_auditor {
            account::set_auditor(transaction, user_id, true)?;
        }
        call.note.entity_id = Some(user_id);
        Ok(Registered { user_id })
    }
}

pub struct ListAccounts;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAccountsParams {
    /// Only accounts of this role.
    #[serde(default)]
    pub role: Option<Role>,
    #[serde(default)]
    pub limit: Limit,
    /// The next_cursor of the page before.
    #[serde(default)]
    pub cursor: Option<Id>,
}

#[derive(Serialize, JsonSchema)]
pub struct AccountItem {
    pub user_id: i64,
    /// A patient's is a phone number and masked.
    pub username: AccountName,
    pub role: String,
    pub name: Option<String>,
    pub is_auditor: bool,
    pub is_disabled: bool,
    /// `YYYY-MM-DD HH:MM:SS`, UTC.
    pub created_at: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub struct AccountList {
    pub items: Vec<AccountItem>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

impl Method for ListAccounts {
    const NAME: &'static str = "account.list";
    const SUMMARY: &'static str = "Lists accounts in the order of their ids.";
    const KIND: Kind = Kind::Read;
    type Params = ListAccountsParams;
    type Outcome = AccountList;

    fn run(
        params: ListAccountsParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<AccountList, Problem> {
        let mut items = Vec::new();
        let after = params.cursor.map_or(0, |Id(id)| id);
        let limit = i64::from(params.limit.0);
        account::list(transaction, params.role.map(Into::into), after, limit + 1, |account| {
            items.push(AccountItem {
                user_id: account.user_id,
                username: AccountName::new(account.username, account.role),
                role: account.role.to_owned(),
                name: account.name.map(str::to_owned),
                is_auditor: account.is_auditor,
                is_disabled: account.disabled_at.is_some(),
                created_at: account.created_at.map(str::to_owned),
            });
        })?;
        let next_cursor = super::cut(&mut items, params.limit, |item| item.user_id);
        Ok(AccountList { items, next_cursor })
    }
}

/// Which account.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountParams {
    pub user_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

/// What an account has come to be.
#[derive(Serialize, JsonSchema)]
pub struct AccountState {
    pub user_id: i64,
    pub is_disabled: bool,
}

/// Refuses what administrators would do to themselves.
fn not_oneself(call: &Call<'_>, Id(user_id): Id) -> Result<(), Problem> {
    if call.actor()?.user_id == user_id {
        return Err(Problem::refused(Code::Conflict, "another administrator has to do this to your account"));
    }
    Ok(())
}

/// Makes sure that there is such an account. Returns its name.
fn known(transaction: &Transaction<'_>, Id(user_id): Id) -> Result<String, Problem> {
    account::by_id(transaction, user_id, |account| account.username.to_owned())?
        .ok_or_else(|| Problem::not_found("account"))
}

macro_rules! of_one_account {
    ($method:ident, $name:literal, $summary:literal, $run:item) => {
        pub struct $method;

        impl Method for $method {
            const NAME: &'static str = $name;
            const SUMMARY: &'static str = $summary;
            const KIND: Kind = Kind::Write(Action::Update);
            const ERRORS: &'static [Code] = &[Code::NotFound, Code::Conflict, Code::RequestIdReused];
            const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::User(params.user_id.0));
            const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
            type Params = AccountParams;
            type Outcome = AccountState;

            $run
        }
    };
}

of_one_account!(
    DisableAccount,
    "account.disable",
    "Lets an account be used no longer, and ends its sessions.",
    fn run(
        params: AccountParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<AccountState, Problem> {
        not_oneself(call, params.user_id)?;
        let username = known(transaction, params.user_id)?;
        let remembered = Some(&mut call.desk.remembered);
        account::disable(transaction, params.user_id.0, &username, remembered, call.now)?;
        call.accounts_changed = true;
        Ok(AccountState { user_id: params.user_id.0, is_disabled: true })
    }
);

of_one_account!(
    EnableAccount,
    "account.enable",
    "Lets a disabled account be used again.",
    fn run(
        params: AccountParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<AccountState, Problem> {
        not_oneself(call, params.user_id)?;
        known(transaction, params.user_id)?;
        account::enable(transaction, params.user_id.0)?;
        Ok(AccountState { user_id: params.user_id.0, is_disabled: false })
    }
);

of_one_account!(
    UnlockAccount,
    "account.unlock",
    "Forgets an account's failed logins, so that the next one is looked at now.",
    fn run(
        params: AccountParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<AccountState, Problem> {
        let username = known(transaction, params.user_id)?;
        throttle::unlock(transaction, &username)?;
        let is_disabled =
            account::by_id(transaction, params.user_id.0, |account| account.disabled_at.is_some())?;
        Ok(AccountState { user_id: params.user_id.0, is_disabled: is_disabled == Some(true) })
    }
);

pub struct SetRole;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRoleParams {
    pub user_id: Id,
    /// doctor, nurse, clerk or admin.
    pub role: Role,
    /// Whether they may read the audit trail.
    #[serde(default)]
    pub is_auditor: bool,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

#[derive(Serialize, JsonSchema)]
pub struct RoleState {
    pub user_id: i64,
    pub role: &'static str,
    pub is_auditor: bool,
}

impl Method for SetRole {
    const NAME: &'static str = "account.set_role";
    const SUMMARY: &'static str = "Gives an account of the staff another role, and ends its sessions.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::Conflict, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::User(params.user_id.0));
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = SetRoleParams;
    type Outcome = RoleState;

    fn run(
        params: SetRoleParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<RoleState, Problem> {
        not_oneself(call, params.user_id)?;
        let (user_id, role) = (params.user_id.0, access::Role::from(params.role));
        account::set_role(transaction, user_id, role, params.is_auditor).map_err(
            |failure| match failure {
                Failure::Refused(RoleRefusal::UnknownUser) => Problem::not_found("account"),
                Failure::Refused(refusal) => Problem::refused(Code::Conflict, refusal.to_string()),
                Failure::Fault(fault) => fault.into(),
            },
        )?;
        session::end_all(transaction, user_id, None)?;
        call.accounts_changed = true;
        Ok(RoleState { user_id, role: role.word(), is_auditor: params.is_auditor })
    }
}

pub struct ResetPassword;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPasswordParams {
    pub new_password: Password,
    /// One's own password until now; an administrator needs none for another's account.
    #[serde(default)]
    pub old_password: Option<Password>,
    /// Whose; without it, one's own.
    #[serde(default)]
    pub user_id: Option<Id>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

#[derive(Serialize, JsonSchema)]
pub struct PasswordState {
    pub user_id: i64,
    /// How many of the account's other sessions have ended.
    pub sessions_ended: usize,
}

impl Method for ResetPassword {
    const NAME: &'static str = "account.reset_password";
    const SUMMARY: &'static str = "Sets a password, and ends the account's other sessions.";
    const KIND: Kind = Kind::Write(Action::Update);
    const HAS_PASSWORD: bool = true;
    const ERRORS: &'static [Code] =
        &[Code::NotFound, Code::WrongCredentials, Code::TooManyAttempts, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, call, _| {
        let own = call.opened.map(|opened| opened.actor.user_id);
        Ok(params.user_id.map(|Id(id)| id).or(own).map_or(Subject::Caller, Subject::User))
    };
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = ResetPasswordParams;
    type Outcome = PasswordState;

    fn run(
        params: ResetPasswordParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<PasswordState, Problem> {
        let actor = call.actor()?.clone();
        let user_id = params.user_id.map_or(actor.user_id, |Id(id)| id);
        let username = known(transaction, Id(user_id))?;
        let kept = (user_id == actor.user_id).then(|| call.session_id()).transpose()?;
        if kept.is_some() {
            confirm(&params, &username, call, transaction)?;
        }
        let password_hash = call.desk.hash_for_storing(&params.new_password)?;
        let remembered = Some(&mut call.desk.remembered);
        let sessions_ended =
            account::set_password(transaction, user_id, &username, &password_hash, kept, remembered)?;
        call.accounts_changed = true;
        Ok(PasswordState { user_id, sessions_ended })
    }
}

/// Whoever finds someone's desk unattended must not be able to take the account over.
fn confirm(
    params: &ResetPasswordParams,
    username: &str,
    call: &mut Call<'_>,
    transaction: &Transaction<'_>,
) -> Result<(), Problem> {
    let Some(old) = &params.old_password else {
        return Err(Problem::invalid("old_password", "is needed to change one's own password"));
    };
    match login::confirm(transaction, call.desk, username, old, call.peer, call.now)? {
        login::Confirmed::Yes => Ok(()),
        login::Confirmed::No => Err(wrong_credentials()),
        login::Confirmed::TooMany(found) => Err(too_many(&found)),
    }
}
