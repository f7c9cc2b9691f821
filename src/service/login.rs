//! Proving who one is: an account's name and its password.
//!
//! It never knows how the proof travels. Invariants: an unknown name costs the same time as a wrong password;
//! nothing is written before the proof has been made; a password that is stored in an older form, once proven,
//! is stored in the current one.

use super::access::{Actor, Role};
use super::credential::{self, Derived, Recipe, Remembered};
use super::session::SessionRules;
use super::throttle::{self, Subjects, ThrottleRules, TooMany};
use super::time::Now;
use crate::store::statements::{account, login};
use crate::store::{Error, Transaction, params};
use std::net::IpAddr;

/// What the operator sets of passwords and sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginRules {
    pub password_iterations: u32,
    /// 0 remembers nothing.
    pub remember_ms: i64,
    pub throttle: ThrottleRules,
    pub session: SessionRules,
}

/// Why it cannot be told yet whether a password is right.
#[derive(Debug)]
pub enum Unproven {
    /// This has to be derived first.
    Wait(Recipe),
    NoRandomness(String),
}

/// What logins have come to since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoginCounts {
    pub succeeded: u64,
    pub wrong: u64,
    pub disabled: u64,
    /// Not looked at, for too many have failed before.
    pub delayed: u64,
    /// Failures that have brought a delay.
    pub lockouts: u64,
}

/// Where passwords are proven: what was derived for the request at hand, and what is remembered of others.
pub struct Desk {
    pub rules: LoginRules,
    pub remembered: Remembered,
    /// What has been derived for the request that is being answered.
    pub derived: Vec<Derived>,
    pub counts: LoginCounts,
}

/// What a password came to.
#[derive(Debug, PartialEq, Eq)]
enum Proof {
    Wrong,
    /// It is right; set where it is to be stored in a newer form.
    Right(Option<String>),
}

impl Desk {
    pub fn new(rules: LoginRules, remembered: Remembered) -> Desk {
        Desk { rules, remembered, derived: Vec::new(), counts: LoginCounts::default() }
    }

    /// Until when a login of now is remembered.
    fn remembered_until_ms(&self, now: &Now) -> i64 {
        now.unix_ms + self.rules.remember_ms
    }

    /// The form in which a new password is stored.
    pub fn hash_for_storing(&self, password: &str) -> Result<String, Unproven> {
        let iterations = self.rules.password_iterations;
        let fits = |derived: &&Derived| derived.iterations() == iterations && derived.is_of(password);
        match self.derived.iter().find(fits) {
            Some(derived) => Ok(derived.phc()),
            None => {
                Err(Recipe::new(password, iterations).map_or_else(Unproven::NoRandomness, Unproven::Wait))
            }
        }
    }

    fn prove(&self, stored: Option<&str>, password: &str) -> Result<Proof, Unproven> {
        let Some((stored, recipe)) =
            stored.and_then(|stored| Recipe::for_stored(stored, password).map(|recipe| (stored, recipe)))
        else {
            // Of a name that is not there, and of one whose password is stored in the older form, as much is
            // derived as of any other.
            let new = self.hash_for_storing(password)?;
            let is_right = stored.is_some_and(|stored| credential::verify_salted_sha256(stored, password));
            return Ok(if is_right { Proof::Right(Some(new)) } else { Proof::Wrong });
        };
        match self.derived.iter().find(|derived| derived.is_under(stored) && derived.is_of(password)) {
            None => Err(Unproven::Wait(recipe)),
            Some(derived) if !derived.matches(stored) => {
                // A row with fewer iterations than are asked for now costs what an unknown name does.
                let missing = self.rules.password_iterations.saturating_sub(derived.iterations());
                if missing > 0 && !self.derived.iter().any(|derived| derived.is_decoy_of(password, missing)) {
                    return Err(Unproven::Wait(Recipe::decoy(password, missing)));
                }
                Ok(Proof::Wrong)
            }
            Some(_) if credential::needs_upgrade(stored, self.rules.password_iterations) => {
                Ok(Proof::Right(Some(self.hash_for_storing(password)?)))
            }
            Some(_) => Ok(Proof::Right(None)),
        }
    }
}

/// What a login came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Login {
    Verified(Actor),
    UnknownUser,
    WrongPassword {
        user_id: i64,
    },
    /// The password is right, but the account may not be used.
    Disabled {
        user_id: i64,
    },
    TooMany(TooMany),
}

struct Account {
    actor: Actor,
    password_hash: String,
    is_disabled: bool,
}

fn find(transaction: &Transaction<'_>, username: &str) -> Result<Option<Account>, Error> {
    let found = transaction.first(&login::ACCOUNT, params![username], |row| {
        let Some(role) = Role::find(row.text(2)?) else { return Ok(None) };
        Ok::<_, Error>(Some(Account {
            actor: Actor {
                user_id: row.integer(0)?,
                username: username.to_owned(),
                role,
                is_auditor: row.integer(3)? != 0,
            },
            password_hash: row.string(1)?,
            is_disabled: row.integer(4)? != 0,
        }))
    })?;
    Ok(found.flatten())
}

/// Whether this was a success lately, at a place that is known and where nothing has failed since, so that
/// nothing needs to be written.
pub fn is_repeated(
    transaction: &Transaction<'_>,
    desk: &mut Desk,
    username: &str,
    password: &str,
    peer: IpAddr,
    now: &Now,
) -> Result<bool, Error> {
    // What another process may have changed is looked at by `login`.
    desk.remembered.keep_up(transaction.generation());
    let until_ms = desk.remembered_until_ms(now);
    let is_repeated = desk.remembered.knows(username, password, now.unix_ms, until_ms)
        && throttle::is_untroubled(transaction, &Subjects::of(username, peer), now)?;
    desk.counts.succeeded += u64::from(is_repeated);
    Ok(is_repeated)
}

/// Why a login came to nothing.
#[derive(Debug)]
pub enum LoginFailure {
    Unproven(Unproven),
    Fault(Error),
}

impl From<Error> for LoginFailure {
    fn from(error: Error) -> LoginFailure {
        LoginFailure::Fault(error)
    }
}

impl From<Unproven> for LoginFailure {
    fn from(unproven: Unproven) -> LoginFailure {
        LoginFailure::Unproven(unproven)
    }
}

/// Looks at a name and a password, counts a failure, and remembers a success.
pub fn login(
    transaction: &Transaction<'_>,
    desk: &mut Desk,
    username: &str,
    password: &str,
    peer: IpAddr,
    now: &Now,
) -> Result<Login, LoginFailure> {
    let login = look_at(transaction, desk, username, password, peer, now)?;
    let counts = &mut desk.counts;
    match &login {
        Login::Verified(_) => counts.succeeded += 1,
        Login::UnknownUser | Login::WrongPassword { .. } => counts.wrong += 1,
        Login::Disabled { .. } => counts.disabled += 1,
        Login::TooMany(_) => counts.delayed += 1,
    }
    Ok(login)
}

fn look_at(
    transaction: &Transaction<'_>,
    desk: &mut Desk,
    username: &str,
    password: &str,
    peer: IpAddr,
    now: &Now,
) -> Result<Login, LoginFailure> {
    let account = find(transaction, username)?;
    let subjects = Subjects::of(username, peer);
    // This comes before what is remembered, or a success of the owner's would let others guess without delay.
    if let Err(too_many) = throttle::check(transaction, &subjects, &desk.rules.throttle, now)? {
        return Ok(Login::TooMany(too_many));
    }
    desk.remembered.keep_up(transaction.generation());
    let until_ms = desk.remembered_until_ms(now);
    if let Some(account) = &account
        && !account.is_disabled
        && desk.remembered.knows_still(username, password, &account.password_hash, now.unix_ms, until_ms)
    {
        throttle::succeeded(transaction, &subjects, now)?;
        return Ok(Login::Verified(account.actor.clone()));
    }
    let proof = desk.prove(account.as_ref().map(|account| account.password_hash.as_str()), password)?;
    let (Some(account), Proof::Right(newer)) = (&account, proof) else {
        let is_delayed = throttle::failed(transaction, &subjects, &desk.rules.throttle, now)?;
        desk.counts.lockouts += u64::from(is_delayed);
        return Ok(account
            .map_or(Login::UnknownUser, |account| Login::WrongPassword { user_id: account.actor.user_id }));
    };
    let user_id = account.actor.user_id;
    if account.is_disabled {
        return Ok(Login::Disabled { user_id });
    }
    if let Some(newer) = &newer {
        transaction.execute(&account::SET_PASSWORD, params![user_id, newer])?;
    }
    throttle::succeeded(transaction, &subjects, now)?;
    if desk.rules.remember_ms > 0 {
        let stored = newer.as_deref().unwrap_or(&account.password_hash);
        desk.remembered.remember(username, password, stored, now.unix_ms, until_ms);
    }
    Ok(Login::Verified(account.actor.clone()))
}

/// Whether someone who is logged in already knows their password.
#[derive(Debug, PartialEq, Eq)]
pub enum Confirmed {
    Yes,
    No,
    TooMany(TooMany),
}

/// Looks at the password of someone who is logged in already, and counts a failure as one of logging in.
pub fn confirm(
    transaction: &Transaction<'_>,
    desk: &Desk,
    username: &str,
    password: &str,
    peer: IpAddr,
    now: &Now,
) -> Result<Confirmed, LoginFailure> {
    let subjects = Subjects::of(username, peer);
    if let Err(too_many) = throttle::check(transaction, &subjects, &desk.rules.throttle, now)? {
        return Ok(Confirmed::TooMany(too_many));
    }
    let account = find(transaction, username)?;
    if desk.prove(account.as_ref().map(|account| account.password_hash.as_str()), password)? == Proof::Wrong {
        throttle::failed(transaction, &subjects, &desk.rules.throttle, now)?;
        return Ok(Confirmed::No);
    }
    Ok(Confirmed::Yes)
}
