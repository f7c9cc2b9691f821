//! `session.*`: logging in and out, and who one is.

use super::field::{Id, Password, Username};
use super::problem::{Code, Problem, Refusal};
use super::{Binding, Call, Kind, Method, Subject, Whom};
use crate::service::access::Actor;
use crate::service::audit::Action;
use crate::service::login::{self, LoginFailure};
use crate::service::session::{self, Opened};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Nothing needs to be said.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Who someone is.
#[derive(Serialize, JsonSchema)]
pub struct Person {
    /// Also the patient's or the doctor's id.
    pub user_id: i64,
    pub username: String,
    /// patient, doctor, nurse, clerk or admin.
    pub role: &'static str,
    /// Whether they may read the audit trail.
    pub is_auditor: bool,
}

impl Person {
    fn of(actor: &Actor) -> Person {
        Person {
            user_id: actor.user_id,
            username: actor.username.clone(),
            role: actor.role.word(),
            is_auditor: actor.is_auditor,
        }
    }
}

pub struct Login;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginParams {
    pub username: Username,
    pub password: Password,
}

/// A session. Moments are in milliseconds since 1970, UTC.
#[derive(Serialize, JsonSchema)]
pub struct Session {
    pub session_id: i64,
    /// Proves the session on another connection; it is told this once.
    pub token: Option<String>,
    pub user: Person,
    /// Until when it is good if nothing is called meanwhile.
    pub ends_at_ms: i64,
    /// Until when it is good at the longest.
    pub expires_at_ms: i64,
}

impl Session {
    fn of(opened: &Opened, token: Option<String>, call: &Call<'_>) -> Session {
        Session {
            session_id: opened.login_session_id,
            token,
            user: Person::of(&opened.actor),
            ends_at_ms: opened.ends_at(&call.desk.rules.session),
            expires_at_ms: opened.expires_at,
        }
    }
}

impl From<LoginFailure> for Problem {
    fn from(failure: LoginFailure) -> Problem {
        match failure {
            LoginFailure::Unproven(unproven) => unproven.into(),
            LoginFailure::Fault(fault) => fault.into(),
        }
    }
}

/// One text for all that is wrong with a name or a password, so that none of it can be told apart.
pub fn wrong_credentials() -> Problem {
    Problem::Noted(Refusal::of(Code::WrongCredentials))
}

pub fn too_many(too_many: &crate::service::throttle::TooMany) -> Problem {
    Refusal::new(Code::TooManyAttempts, "too many failed logins; try again later")
        .with("retry_after_ms", too_many.retry_after_ms)
        .into()
}

impl Method for Login {
    const NAME: &'static str = "session.login";
    const SUMMARY: &'static str = "Logs someone in and binds this connection to them.";
    const KIND: Kind = Kind::Write(Action::Execute);
    const HAS_PASSWORD: bool = true;
    const ERRORS: &'static [Code] =
        &[Code::WrongCredentials, Code::TooManyAttempts, Code::Disabled, Code::Busy];
    type Params = LoginParams;
    type Outcome = Session;

    fn run(
        params: LoginParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Session, Problem> {
        call.note.entity = "account";
        // Whoever fails to log in is nobody any longer, least of all who was here before.
        call.binding = Binding::Ends;
        let outcome =
            login::login(transaction, call.desk, &params.username, &params.password, call.peer, call.now)?;
        let actor = match outcome {
            login::Login::Verified(actor) => actor,
            login::Login::UnknownUser => return Err(wrong_credentials()),
            login::Login::WrongPassword { user_id } => {
                call.note.entity_id = Some(user_id);
                return Err(wrong_credentials());
            }
            login::Login::Disabled { user_id } => {
                call.note.entity_id = Some(user_id);
                return Err(Problem::refused(Code::Disabled, "this account is disabled; ask the hospital"));
            }
            login::Login::TooMany(found) => return Err(too_many(&found)),
        };
        (call.note.actor_id, call.note.entity_id) = (Some(actor.user_id), Some(actor.user_id));
        let peer = call.peer.to_string();
        let (opened, token) = session::open(transaction, actor, &peer, &call.desk.rules.session, call.now)?;
        let session = Session::of(&opened, Some(token), call);
        call.binding = Binding::To(opened);
        // One of their other sessions may have been ended for this one.
        call.accounts_changed = true;
        Ok(session)
    }
}

pub struct Resume;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResumeParams {
    pub token: Password,
}

impl Method for Resume {
    const NAME: &'static str = "session.resume";
    const SUMMARY: &'static str = "Binds this connection to a session that session.login opened.";
    const KIND: Kind = Kind::Read;
    const ERRORS: &'static [Code] = &[Code::Unauthenticated];
    type Params = ResumeParams;
    type Outcome = Session;

    fn run(
        params: ResumeParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Session, Problem> {
        call.binding = Binding::Ends;
        let token_hash = session::hash(&params.token);
        let found = session::find(transaction, &token_hash, &call.desk.rules.session, call.now)?;
        let Some(opened) = found else {
            return Err(Problem::refused(
                Code::Unauthenticated,
                "this token is not good, or not any longer; log in",
            ));
        };
        // To resume is a use, which is written down once the connection is bound.
        let used = Opened { used_at: call.now.unix_ms, ..opened.clone() };
        let session = Session::of(&used, None, call);
        call.binding = Binding::To(opened);
        Ok(session)
    }
}

pub struct Logout;

#[derive(Serialize, JsonSchema)]
pub struct Ended {
    /// How many sessions have ended.
    pub ended: usize,
}

impl Method for Logout {
    const NAME: &'static str = "session.logout";
    const SUMMARY: &'static str = "Ends the session of this connection, wherever it is used.";
    const KIND: Kind = Kind::Write(Action::Execute);
    const SUBJECT: Whom<Self> = |_, _, _| Ok(Subject::Caller);
    type Params = Nothing;
    type Outcome = Ended;

    fn run(_: Nothing, call: &mut Call<'_>, transaction: &Transaction<'_>) -> Result<Ended, Problem> {
        let (user_id, session_id) = (call.actor()?.user_id, call.session_id()?);
        (call.note.entity, call.note.entity_id) = ("session", Some(session_id));
        let is_ended = session::end(transaction, user_id, session_id)?;
        // The connection is looked up anew, and still logged in should the turn be lost.
        call.accounts_changed = true;
        Ok(Ended { ended: usize::from(is_ended) })
    }
}

pub struct WhoAmI;

impl Method for WhoAmI {
    const NAME: &'static str = "session.whoami";
    const SUMMARY: &'static str = "Tells who is logged in on this connection, and until when.";
    const KIND: Kind = Kind::Read;
    const SUBJECT: Whom<Self> = |_, _, _| Ok(Subject::Caller);
    type Params = Nothing;
    type Outcome = Session;

    fn run(_: Nothing, call: &mut Call<'_>, _: &Transaction<'_>) -> Result<Session, Problem> {
        let opened =
            call.opened.ok_or_else(|| Problem::refused(Code::Unauthenticated, "nobody is logged in"))?;
        Ok(Session::of(opened, None, call))
    }
}

pub struct ListSessions;

/// A session of one's own. Moments are in milliseconds since 1970, UTC.
#[derive(Serialize, JsonSchema)]
pub struct SessionItem {
    pub session_id: i64,
    /// The address from which it was opened.
    pub peer: String,
    pub created_at_ms: i64,
    /// The last use, to the minute.
    pub used_at_ms: i64,
    pub expires_at_ms: i64,
    /// Whether it is that of this connection.
    pub is_this: bool,
}

#[derive(Serialize, JsonSchema)]
pub struct SessionList {
    pub items: Vec<SessionItem>,
}

impl Method for ListSessions {
    const NAME: &'static str = "session.list";
    const SUMMARY: &'static str = "Lists one's own sessions, the newest first.";
    const KIND: Kind = Kind::Read;
    const SUBJECT: Whom<Self> = |_, _, _| Ok(Subject::Caller);
    type Params = Nothing;
    type Outcome = SessionList;

    fn run(_: Nothing, call: &mut Call<'_>, transaction: &Transaction<'_>) -> Result<SessionList, Problem> {
        let (actor, this) = (call.actor()?, call.session_id()?);
        let mut items = Vec::new();
        session::list(transaction, actor, &call.desk.rules.session, call.now, |listed| {
            items.push(SessionItem {
                session_id: listed.login_session_id,
                peer: listed.peer.to_owned(),
                created_at_ms: listed.created_at,
                used_at_ms: listed.used_at,
                expires_at_ms: listed.expires_at,
                is_this: listed.login_session_id == this,
            });
        })?;
        Ok(SessionList { items })
    }
}

pub struct Revoke;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeParams {
    /// One of one's own sessions; without it, all but this one.
    #[serde(default)]
    pub session_id: Option<Id>,
}

impl Method for Revoke {
    const NAME: &'static str = "session.revoke";
    const SUMMARY: &'static str = "Ends another of one's own sessions, or all of them but this one.";
    const KIND: Kind = Kind::Write(Action::Execute);
    const ERRORS: &'static [Code] = &[Code::NotFound];
    const SUBJECT: Whom<Self> = |_, _, _| Ok(Subject::Caller);
    type Params = RevokeParams;
    type Outcome = Ended;

    fn run(
        params: RevokeParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Ended, Problem> {
        let (user_id, this) = (call.actor()?.user_id, call.session_id()?);
        call.note.entity = "session";
        call.accounts_changed = true;
        let Some(Id(session_id)) = params.session_id else {
            return Ok(Ended { ended: session::end_all(transaction, user_id, Some(this))? });
        };
        call.note.entity_id = Some(session_id);
        if session::end(transaction, user_id, session_id)? {
            Ok(Ended { ended: 1 })
        } else {
            Err(Problem::not_found("session of yours"))
        }
    }
}
