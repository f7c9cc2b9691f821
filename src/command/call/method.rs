//! Owns the calling of one method: asking the server what it takes, showing the token, calling, and showing the
//! result. Never decides what a method or a parameter is; the server says so.
//! Invariant: all of it goes over one connection, for a session is bound to one, and nothing is called with
//! parameters that the server would not know.

use super::conversation::Conversation;
use super::methods::Methods;
use super::parameter::{self, Given, Parameter};
use super::{Outcome, ask, failed};
use crate::command::{Problem, exit, problem, say, secret};
use serde_json::{Map, Value, json};

/// What JSON-RPC calls parameters that are not right.
const INVALID_PARAMS: i64 = -32602;

pub fn call(
    method: &str,
    words: &[String],
    token: Option<&str>,
    connect: impl FnOnce() -> Result<Conversation, Problem>,
) -> Result<(), Problem> {
    let parameters = parameter::parse(words).map_err(usage)?;
    // Before there is a connection that would wait for whoever types.
    let parameters = with_secrets(parameters)?;
    let mut conversation = connect()?;
    let methods = discover(&mut conversation)?;
    let described = methods.find(method).map_err(usage)?;
    let mut params = Map::new();
    for (name, given) in parameters {
        let value = described.value(name, given).map_err(usage)?;
        params.insert(name.to_owned(), value);
    }
    if let Some(token) = token {
        resume(&mut conversation, token)?;
    }
    match ask(&mut conversation, method, &Value::Object(params)).map_err(failed)? {
        Outcome::Result(result) => {
            say(format_args!("{result:#}"));
            Ok(())
        }
        Outcome::Error(refusal) if refusal.code == INVALID_PARAMS => {
            Err(failed(format_args!("{method}: {refusal}\n{}", described.signature())))
        }
        Outcome::Error(refusal) => Err(failed(format_args!("{method}: {refusal}"))),
    }
}

fn usage(text: String) -> Problem {
    problem(exit::USAGE, text)
}

/// Puts what standard input has in the place of each `-`, in the order of the command line.
fn with_secrets(parameters: Vec<Parameter<'_>>) -> Result<Vec<(&str, Given<'_>)>, Problem> {
    let read = |Parameter { name, given }| match given {
        Given::OnStandardInput => match secret::read(name) {
            Ok(secret) => Ok((name, Given::Secret(secret))),
            Err(text) => Err(failed(format_args!("{name}: {text}"))),
        },
        given => Ok((name, given)),
    };
    parameters.into_iter().map(read).collect()
}

fn discover(conversation: &mut Conversation) -> Result<Methods, Problem> {
    match ask(conversation, "rpc.discover", &json!({})).map_err(failed)? {
        Outcome::Result(document) => Ok(Methods::new(document)),
        Outcome::Error(refusal) => {
            Err(failed(format_args!("the server does not tell its methods: rpc.discover: {refusal}")))
        }
    }
}

/// Binds the connection to the session of a token.
pub fn resume(conversation: &mut Conversation, token: &str) -> Result<(), Problem> {
    match ask(conversation, "session.resume", &json!({"token": token})).map_err(failed)? {
        Outcome::Result(_) => Ok(()),
        Outcome::Error(refusal) => Err(failed(format_args!(
            "nothing was called, for the token was refused: session.resume: {refusal}\n\
             get another one with: medsrv call session.login username=… password=-"
        ))),
    }
}
