//! Sessions of people who are logged in: tokens, how long they are good for, and how they end.
//!
//! It never knows a connection. Invariants: a token is stored as its SHA-256 only; a session ends at whichever
//! of its two limits comes first, and with it every right that it gave.

use super::access::{Actor, Role};
use super::time::Now;
use crate::store::statements::login_session;
use crate::store::{Error, Row, Transaction, params};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest, Sha256};

const TOKEN_PREFIX: &str = "ms1_";
const TOKEN_BYTES: usize = 32;
/// A use is written down once this long has passed since the last one was.
const USE_NOTED_MS: i64 = 60_000;

/// How long sessions live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRules {
    pub idle_patient_ms: i64,
    pub idle_staff_ms: i64,
    pub max_ms: i64,
    pub per_user_max: i64,
}

impl SessionRules {
    fn idle_ms(&self, role: Role) -> i64 {
        if role.is_staff() { self.idle_staff_ms } else { self.idle_patient_ms }
    }
}

/// A session that is good now.
#[derive(Debug, Clone)]
pub struct Opened {
    pub login_session_id: i64,
    /// By which it is found again, even after the id was given to another one.
    pub token_hash: String,
    pub actor: Actor,
    pub used_at: i64,
    pub expires_at: i64,
}

impl Opened {
    /// Until when it is good if it is not used.
    pub fn ends_at(&self, rules: &SessionRules) -> i64 {
        self.expires_at.min(self.used_at + rules.idle_ms(self.actor.role))
    }

    pub fn is_good(&self, rules: &SessionRules, now: &Now) -> bool {
        now.unix_ms < self.ends_at(rules)
    }

    /// Whether a use is worth being written down.
    pub fn is_use_due(&self, now: &Now) -> bool {
        now.unix_ms - self.used_at >= USE_NOTED_MS
    }
}

/// Opens a session for someone who has proven who they are, and ends their oldest ones beyond the limit.
/// Returns it with its token, which nobody can be told again.
///
/// # Errors
/// Those of the store, and where the system has no random bytes to give.
pub fn open(
    transaction: &Transaction<'_>,
    actor: Actor,
    peer: &str,
    rules: &SessionRules,
    now: &Now,
) -> Result<(Opened, String), Error> {
    let mut secret = [0; TOKEN_BYTES];
    getrandom::fill(&mut secret)
        .map_err(|error| Error::Other(format!("no random bytes from the system: {error}")))?;
    let token = format!("{TOKEN_PREFIX}{}", BASE64.encode(secret));
    let token_hash = hash(&token);
    transaction
        .execute(&login_session::END_OLDEST, params![actor.user_id, rules.per_user_max - 1, now.unix_ms])?;
    let expires_at = now.unix_ms + rules.max_ms;
    let login_session_id = transaction
        .insert(&login_session::INSERT, params![actor.user_id, token_hash, peer, now.unix_ms, expires_at])?;
    Ok((Opened { login_session_id, token_hash, actor, used_at: now.unix_ms, expires_at }, token))
}

/// The hash under which a token is stored.
pub fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

/// The session of a token's hash, if it is good and its account is.
pub fn find(
    transaction: &Transaction<'_>,
    token_hash: &str,
    rules: &SessionRules,
    now: &Now,
) -> Result<Option<Opened>, Error> {
    let found = transaction.first(&login_session::BY_TOKEN, params![token_hash], |row| {
        let Some(role) = Role::find(row.text(3)?) else { return Ok(None) };
        let actor = Actor {
            user_id: row.integer(1)?,
            username: row.string(2)?,
            role,
            is_auditor: row.integer(4)? != 0,
        };
        let opened = Opened {
            login_session_id: row.integer(0)?,
            token_hash: token_hash.to_owned(),
            actor,
            used_at: row.integer(5)?,
            expires_at: row.integer(6)?,
        };
        Ok::<_, Error>(Some(opened))
    })?;
    Ok(found.flatten().filter(|opened| opened.is_good(rules, now)))
}

/// Writes down that a session was used.
pub fn note_use(transaction: &Transaction<'_>, opened: &mut Opened, now: &Now) -> Result<(), Error> {
    transaction.execute(&login_session::NOTE_USE, params![opened.login_session_id, now.unix_ms])?;
    opened.used_at = now.unix_ms;
    Ok(())
}

/// Ends one session of a user. Returns whether there was one.
pub fn end(transaction: &Transaction<'_>, user_id: i64, login_session_id: i64) -> Result<bool, Error> {
    Ok(transaction.execute(&login_session::END, params![user_id, login_session_id])? > 0)
}

/// Ends all sessions of a user but `kept`. Returns how many there were.
pub fn end_all(transaction: &Transaction<'_>, user_id: i64, kept: Option<i64>) -> Result<usize, Error> {
    transaction.execute(&login_session::END_ALL, params![user_id, kept])
}

/// A session, as its owner sees it. Moments are in milliseconds since 1970.
pub struct Listed<'a> {
    pub login_session_id: i64,
    pub peer: &'a str,
    pub created_at: i64,
    pub used_at: i64,
    pub expires_at: i64,
}

impl<'a> Listed<'a> {
    fn from_row(row: &Row<'a>) -> Result<Listed<'a>, Error> {
        Ok(Listed {
            login_session_id: row.integer(0)?,
            peer: row.text(1)?,
            created_at: row.integer(2)?,
            used_at: row.integer(3)?,
            expires_at: row.integer(4)?,
        })
    }
}

/// Hands each session of someone that is good now to `sink`, the newest first.
pub fn list(
    transaction: &Transaction<'_>,
    actor: &Actor,
    rules: &SessionRules,
    now: &Now,
    mut sink: impl FnMut(&Listed<'_>),
) -> Result<(), Error> {
    let idle_since = now.unix_ms - rules.idle_ms(actor.role);
    transaction.each(&login_session::BY_USER, params![actor.user_id, now.unix_ms, idle_since], |row| {
        sink(&Listed::from_row(row)?);
        Ok(())
    })
}
