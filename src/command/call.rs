//! Owns what is asked of a running server at the command line, and the showing of what comes back. Never
//! interprets a result.
//! Invariant: what a call came to is on standard output, what went wrong is on standard error, and the exit
//! code says which of both it was.

mod conversation;
mod method;
mod methods;
mod parameter;

use super::{Common, Problem, exit, problem, report, say};
use conversation::Conversation;
use serde_json::{Value, json};
use std::io::{self, Read};

pub const HELP: &str = "\
Examples:
  medsrv call doctor.list department=内科 limit=10
  medsrv call session.login username=13800138000 password=-
  MEDSRV_TOKEN=ms1_… medsrv call patient.get patient_id=7
  medsrv call '{\"query_doctor_info\": true, \"doctor_name\": \"王医生\"}'

What a VALUE is depends on the parameter alone, and the server is asked for it first (rpc.discover):
  KEY=VALUE   where the parameter is text, VALUE as it stands: phone=13800138000, id_card=007;
              else a number, true, false, null or other JSON: patient_id=7, is_available=true
  KEY:=JSON   this JSON, whatever the parameter is: email:=null
  KEY=-       the next line of standard input; at a terminal it is asked for and not shown
`medsrv call NOUN` lists the methods of a noun, as in `medsrv call patient`.

Others on this machine can see a command line: give passwords as -, and the token in MEDSRV_TOKEN.
The result is printed as JSON; an error goes to standard error, and the exit code is 1 then.";

const TOKEN_VARIABLE: &str = "MEDSRV_TOKEN";
/// Methods that are called to get a token.
const LOGINS: [&str; 2] = ["session.login", "session.resume"];
const REQUEST_MAX_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Debug, clap::Args)]
pub struct Task {
    /// A method, as doctor.list; or a request as JSON, which - reads from standard input
    #[arg(value_name = "METHOD|JSON")]
    pub request: String,
    /// The method's parameters
    #[arg(value_name = "KEY=VALUE")]
    pub parameters: Vec<String>,
    /// Call as whoever this token of session.login is of [default: the variable MEDSRV_TOKEN]
    #[arg(long)]
    pub token: Option<String>,
}

pub fn run(common: &Common, task: &Task) -> u8 {
    let (host, port) = match address(common) {
        Ok(address) => address,
        Err(exit_code) => return exit_code,
    };
    let connect = || Conversation::open(&host, port).map_err(failed);
    let variable = std::env::var(TOKEN_VARIABLE).ok().filter(|token| !token.is_empty());
    if !is_json(&task.request) {
        // Whoever logs in does so because the token that they have is good no longer.
        let is_login = LOGINS.contains(&task.request.as_str());
        let token = task.token.as_deref().or(variable.as_deref().filter(|_| !is_login));
        return report(method::call(&task.request, &task.parameters, token, connect));
    }
    match raw(task, variable.as_deref(), connect) {
        Ok(exit_code) => exit_code,
        Err(problem) => report(Err(problem)),
    }
}

/// Whoever names it needs no configuration, which not everybody may read.
fn address(common: &Common) -> Result<(String, u16), u8> {
    if let (Some(host), Some(port)) = (&common.host, common.port) {
        return Ok((host.clone(), port));
    }
    common.read().map(|loaded| (loaded.config.server.host, loaded.config.server.port))
}

fn failed(text: impl ToString) -> Problem {
    problem(exit::FAILURE, text)
}

/// No method begins like this.
fn is_json(request: &str) -> bool {
    request == "-" || request.trim_start().starts_with(['{', '['])
}

/// Sends a request as it stands, and shows the whole reply.
fn raw(
    task: &Task,
    variable: Option<&str>,
    connect: impl FnOnce() -> Result<Conversation, Problem>,
) -> Result<u8, Problem> {
    if let Some(word) = task.parameters.first() {
        let text = format_args!("{word:?} goes with a method, not with JSON: put it into the JSON");
        return Err(problem(exit::USAGE, text));
    }
    let request = read_request(&task.request).map_err(failed)?;
    let form = form(&request);
    if task.token.is_some() && form == Form::Old {
        return Err(problem(exit::USAGE, "--token goes with JSON-RPC; the old protocol knows no tokens"));
    }
    let mut conversation = connect()?;
    if form != Form::Old
        && let Some(token) = task.token.as_deref().or(variable)
    {
        method::resume(&mut conversation, token)?;
    }
    if form == Form::Notification {
        return match conversation.tell(&request).map_err(failed)? {
            Some(reply) => show(&reply),
            None => Ok(exit::SUCCESS),
        };
    }
    show(&conversation.ask(&request).map_err(failed)?)
}

/// What a request is, for the little that this side has to know.
#[derive(Debug, PartialEq, Eq)]
enum Form {
    /// Or none that is known.
    Old,
    Rpc,
    /// JSON-RPC that wants no answer, so that none must be waited for.
    Notification,
}

fn form(request: &[u8]) -> Form {
    let Ok(value) = serde_json::from_slice::<Value>(request) else { return Form::Old };
    let calls = match &value {
        Value::Array(calls) => calls.as_slice(),
        call => std::slice::from_ref(call),
    };
    if calls.is_empty() || calls.iter().any(|call| call.get("jsonrpc").is_none()) {
        return Form::Old;
    }
    let wants_answer =
        |call: &Value| call.get("id").is_some() || !call.get("method").is_some_and(Value::is_string);
    if calls.iter().any(wants_answer) { Form::Rpc } else { Form::Notification }
}

fn read_request(argument: &str) -> Result<Vec<u8>, String> {
    if argument != "-" {
        return Ok(argument.as_bytes().to_owned());
    }
    let mut request = Vec::new();
    let read = io::stdin().lock().take(REQUEST_MAX_BYTES + 1).read_to_end(&mut request);
    read.map_err(|error| format!("the request cannot be read from standard input: {error}"))?;
    if request.len() as u64 > REQUEST_MAX_BYTES {
        return Err(format!("the request is longer than {REQUEST_MAX_BYTES} bytes"));
    }
    Ok(request)
}

/// Shows the reply, and says by the exit code whether it reports success.
fn show(reply: &[u8]) -> Result<u8, Problem> {
    match serde_json::from_slice::<Value>(reply) {
        Ok(value) => {
            say(format_args!("{value:#}"));
            Ok(if is_success(&value) { exit::SUCCESS } else { exit::FAILURE })
        }
        Err(error) => {
            say(String::from_utf8_lossy(reply));
            Err(failed(format_args!("the reply is not JSON: {error}")))
        }
    }
}

/// The old protocol has a status; JSON-RPC has a result, or a list of replies.
fn is_success(reply: &Value) -> bool {
    match reply {
        Value::Array(replies) => replies.iter().all(is_success),
        reply if reply.get("jsonrpc").is_some() => reply.get("result").is_some(),
        reply => {
            let succeeded = |value: &Value| value.get("status").is_some_and(|status| status == "success");
            // Appointments and look-ups say in their result whether they were carried out.
            let refused = reply
                .get("result")
                .is_some_and(|result| result.get("status").is_some() && !succeeded(result));
            succeeded(reply) && !refused
        }
    }
}

/// What a method came to.
#[derive(Debug, PartialEq)]
enum Outcome {
    Result(Value),
    Error(Refusal),
}

/// An error of JSON-RPC.
#[derive(Debug, PartialEq)]
struct Refusal {
    message: String,
    code: i64,
    data: Option<Value>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} (code {})", self.message, self.code)?;
        match &self.data {
            Some(data) => write!(formatter, "\n  data: {data}"),
            None => Ok(()),
        }
    }
}

/// Calls a method and reads its reply.
fn ask(conversation: &mut Conversation, method: &str, params: &Value) -> Result<Outcome, String> {
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    let reply = conversation.ask(request.as_bytes())?;
    let reply = serde_json::from_slice(&reply).map_err(|error| format!("the reply is not JSON: {error}"))?;
    outcome(reply)
}

fn outcome(mut reply: Value) -> Result<Outcome, String> {
    if reply.get("jsonrpc").is_none() {
        return Err(format!("the server does not speak JSON-RPC here; it says {reply}"));
    }
    if let Some(result) = reply.get_mut("result") {
        return Ok(Outcome::Result(result.take()));
    }
    let Some(error) = reply.get("error") else {
        return Err(format!("the reply has neither a result nor an error: {reply}"));
    };
    Ok(Outcome::Error(Refusal {
        message: error["message"].as_str().unwrap_or("refused").to_owned(),
        code: error["code"].as_i64().unwrap_or(0),
        data: error.get("data").cloned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_is_told_from_failure_in_both_protocols() {
        for (reply, expected) in [
            (json!({"status": "success"}), true),
            (json!({"status": "error"}), false),
            (json!({"status": "success", "result": {"status": "error"}}), false),
            (json!({"status": "success", "result": {"status": "success"}}), true),
            (json!({"status": "success", "result": {"columns": []}}), true),
            (json!({"jsonrpc": "2.0", "id": 1, "result": null}), true),
            (json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -32000}}), false),
            (json!([{"jsonrpc": "2.0", "result": 1}, {"jsonrpc": "2.0", "error": {}}]), false),
            (json!("success"), false),
        ] {
            assert_eq!(is_success(&reply), expected, "{reply}");
        }
    }

    #[test]
    fn a_method_is_told_from_json() {
        for (request, expected) in
            [("doctor.list", false), ("{}", true), (" [1]", true), ("-", true), ("-x", false), ("", false)]
        {
            assert_eq!(is_json(request), expected, "{request}");
        }
    }

    #[test]
    fn only_what_wants_no_answer_is_not_waited_for() {
        for (request, expected) in [
            (r#"{"login": true}"#, Form::Old),
            ("{", Form::Old),
            ("[]", Form::Old),
            (r#"{"jsonrpc": "2.0", "id": 1, "method": "a"}"#, Form::Rpc),
            (r#"{"jsonrpc": "2.0", "id": null, "method": "a"}"#, Form::Rpc),
            (r#"{"jsonrpc": "2.0", "method": "a"}"#, Form::Notification),
            (r#"{"jsonrpc": "2.0"}"#, Form::Rpc),
            (r#"[{"jsonrpc": "2.0", "method": "a"}, {"jsonrpc": "2.0", "method": "a"}]"#, Form::Notification),
            (r#"[{"jsonrpc": "2.0", "method": "a"}, {"jsonrpc": "2.0", "method": "a", "id": 1}]"#, Form::Rpc),
        ] {
            assert_eq!(form(request.as_bytes()), expected, "{request}");
        }
    }

    #[test]
    fn a_reply_is_a_result_or_an_error_or_no_json_rpc() {
        assert_eq!(
            outcome(json!({"jsonrpc": "2.0", "id": 1, "result": null})),
            Ok(Outcome::Result(Value::Null))
        );
        let error = json!({"code": -32000, "message": "no such thing", "data": {"code": "not_found"}});
        let Ok(Outcome::Error(refusal)) = outcome(json!({"jsonrpc": "2.0", "id": 1, "error": error})) else {
            panic!("it is an error");
        };
        let shown = refusal.to_string();
        assert_eq!(shown, "no such thing (code -32000)\n  data: {\"code\":\"not_found\"}");
        for reply in [json!({"status": "error"}), json!({"jsonrpc": "2.0", "id": 1}), json!(null)] {
            assert!(outcome(reply.clone()).is_err(), "{reply}");
        }
    }
}
