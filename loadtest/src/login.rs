//! Owns as whom a run sends its requests, and the calls by which a connection becomes theirs.
//!
//! It never sends one. Invariant: a run logs in once and its connections resume that session, since servers
//! end the oldest of a user's sessions when there are many.

use crate::plan::Plan;
use crate::population::{PREPARED_CLERK, PREPARED_PASSWORD};
use medsrv::net::encode_request;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt;
use std::str::FromStr;

const FRAME_NAME: &str = "request.json";

/// An account.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    pub username: String,
    pub password: String,
}

impl Login {
    /// The clerk whom `--prepare` stores.
    pub fn clerk() -> Login {
        Login { username: PREPARED_CLERK.into(), password: PREPARED_PASSWORD.into() }
    }

    /// The frame that opens a session.
    pub(crate) fn login_frame(&self) -> Vec<u8> {
        frame("session.login", &json!({"username": self.username, "password": self.password}))
    }
}

/// The frame that makes a connection one of a session's.
pub(crate) fn resume_frame(token: &str) -> Vec<u8> {
    frame("session.resume", &json!({ "token": token }))
}

fn frame(method: &str, params: &Value) -> Vec<u8> {
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let mut frame = Vec::new();
    encode_request(FRAME_NAME, call.to_string().as_bytes(), &mut frame);
    frame
}

/// The token that a reply to a login tells.
pub(crate) fn token(reply: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Reply {
        result: Session,
    }
    #[derive(Deserialize)]
    struct Session {
        token: String,
    }
    serde_json::from_slice::<Reply>(reply).ok().map(|reply| reply.result.token)
}

impl Plan {
    /// As whom its connections are logged in.
    pub(crate) fn login(&self) -> Option<Login> {
        self.login.clone().or_else(|| self.mix.needs_login().then(Login::clerk))
    }
}

/// Passwords stay out of whatever is printed.
impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Login").field("username", &self.username).finish_non_exhaustive()
    }
}

/// A text that names no account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write NAME:PASSWORD")]
pub struct LoginError;

impl FromStr for Login {
    type Err = LoginError;

    fn from_str(text: &str) -> Result<Login, LoginError> {
        match text.split_once(':') {
            Some((username, password)) if !username.is_empty() && !password.is_empty() => {
                Ok(Login { username: username.into(), password: password.into() })
            }
            _ => Err(LoginError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::Mix;

    #[test]
    fn an_account_is_read_and_its_password_is_not_shown() {
        let login: Login = "clerk:a:b".parse().unwrap();
        assert_eq!((login.username.as_str(), login.password.as_str()), ("clerk", "a:b"));
        assert_eq!(format!("{login:?}"), "Login { username: \"clerk\", .. }");
        for text in ["", "clerk", "clerk:", ":a"] {
            assert_eq!(text.parse::<Login>(), Err(LoginError), "{text}");
        }
    }

    #[test]
    fn a_plan_has_the_login_that_it_or_its_mix_asks_for() {
        let of = |mix, login| Plan { mix, login, ..Plan::default() }.login();
        let given: Login = "a:b".parse().unwrap();
        assert_eq!(of(Mix::Query, None), None);
        assert_eq!(of(Mix::RpcPatient, None), Some(Login::clerk()));
        assert_eq!(of(Mix::RpcPatient, Some(given.clone())), Some(given.clone()));
        assert_eq!(of(Mix::Query, Some(given.clone())), Some(given));
    }

    #[test]
    fn a_token_is_found_in_a_reply_only() {
        let reply = br#"{"jsonrpc":"2.0","id":1,"result":{"session_id":1,"token":"ms1_x","user":{}}}"#;
        assert_eq!(token(reply), Some("ms1_x".into()));
        assert_eq!(token(br#"{"jsonrpc":"2.0","id":1,"error":{"token":"ms1_x"}}"#), None);
    }
}
