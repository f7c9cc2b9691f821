//! Owns which requests a run sends and how often each: the built-in mixes, and those from a file.
//!
//! It never sends one. Invariant: a mix that was built can always yield a request; what needs an
//! appointment stands only beside something that books one.

use crate::reply::Expect;
use crate::template::{Template, UnknownPlaceholder};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;

/// The frame name that old clients send; servers do not act on it.
const FRAME_NAME: &str = "request.json";
const WEIGHT_MAX: u32 = 1_000_000;
const OPERATIONS_MAX: usize = 64;

/// The names of those that need no file.
const BUILT_IN: &str = "query, book, day, login, rpc-doctor, rpc-patient, rpc-login, rpc-book, raw";

/// Which requests to send.
#[derive(Debug, Clone, PartialEq)]
pub enum Mix {
    /// `query_doctor_info` only: one read by an index.
    Query,
    /// `create_appointment` only, each for a free place.
    Book,
    /// A day in the hospital: seven reads in ten, two bookings, one cancellation or change of status.
    Day,
    /// `login` of a few patients in the old dialect, each of whom has logged in before.
    Login,
    /// `doctor.get` only, for which nobody has to be logged in.
    RpcDoctor,
    /// `patient.get` only, on connections that are logged in.
    RpcPatient,
    /// `session.login` only, of another patient each time.
    RpcLogin,
    /// `appointment.book` only, each for a free place in a prepared session, by a clerk.
    RpcBook,
    /// What a file lists.
    Listed { label: String, entries: Vec<Entry> },
    /// The same bytes each time; any reply is a success. For a bare echo server.
    Raw { name: String, data: Vec<u8> },
}

/// One line of a mix file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// How often it is sent, beside the weights of the others.
    #[serde(default = "one")]
    pub weight: u32,
    /// What the report calls it.
    pub name: String,
    /// The request, of either dialect; texts in it may have placeholders.
    pub request: Value,
    /// Whom it is about.
    #[serde(default)]
    pub patients: Patients,
}

/// Which of the patients a request is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Patients {
    /// Any of them, at random.
    #[default]
    Any,
    /// Any of the first fifty, for each of whom it is sent once before the run: for what servers remember.
    Few,
    /// One after the other, from another one in each run: for what servers must not remember.
    InTurn,
}

fn one() -> u32 {
    1
}

/// Why a mix cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MixError {
    #[error("the mix {path:?} cannot be read: {reason}; give {BUILT_IN} or a file of JSON lines")]
    File { path: String, reason: String },
    #[error(
        "line {line} of the mix {path:?}: {reason}; a line is {{\"weight\": 1, \"name\": \"…\", \"request\": {{…}}}}"
    )]
    Line { path: String, line: usize, reason: String },
    #[error("the request {name:?}: {reason}")]
    Request { name: String, reason: UnknownPlaceholder },
    #[error("the request {name:?} is a call without an id, which no server answers")]
    Unanswered { name: String },
    #[error("the weight {weight} of {name:?} is not between 1 and {WEIGHT_MAX}")]
    Weight { name: String, weight: u32 },
    #[error("a mix has between 1 and {OPERATIONS_MAX} requests, this one has {0}")]
    Count(usize),
    #[error(
        "{name:?} needs {{appointment_id}}, but no request of the mix books: with create_appointment or a call, and {{time}} or \
         {{session_id}}"
    )]
    NothingBooks { name: String },
}

/// One kind of request of a run.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) weight: u32,
    pub(crate) frame_name: String,
    pub(crate) template: Template,
    pub(crate) expect: Expect,
    pub(crate) patients: Patients,
    /// Whether it is JSON-RPC, whose connections a server keeps.
    pub(crate) is_rpc: bool,
    /// Whether a success has the id of a new appointment.
    pub(crate) books: bool,
}

impl Mix {
    /// A built-in mix by its name.
    pub fn named(name: &str) -> Option<Mix> {
        match name {
            "query" => Some(Mix::Query),
            "book" => Some(Mix::Book),
            "day" => Some(Mix::Day),
            "login" => Some(Mix::Login),
            "rpc-doctor" => Some(Mix::RpcDoctor),
            "rpc-patient" => Some(Mix::RpcPatient),
            "rpc-login" => Some(Mix::RpcLogin),
            "rpc-book" => Some(Mix::RpcBook),
            "raw" => Some(Mix::Raw { name: "echo".into(), data: vec![b'.'; 100] }),
            _ => None,
        }
    }

    /// Reads a file of JSON lines.
    pub fn read(path: &Path) -> Result<Mix, MixError> {
        let label = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| MixError::File { path: label.clone(), reason: error.to_string() })?;
        Mix::parse(&label, &text)
    }

    /// Reads the text of such a file; blank lines and lines that start with `#` say nothing.
    pub fn parse(label: &str, text: &str) -> Result<Mix, MixError> {
        let mut entries = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let entry = serde_json::from_str(line).map_err(|error| MixError::Line {
                path: label.to_owned(),
                line: number + 1,
                reason: error.to_string(),
            })?;
            entries.push(entry);
        }
        let mix = Mix::Listed { label: label.to_owned(), entries };
        mix.operations()?;
        Ok(mix)
    }

    /// What a report calls it.
    pub fn label(&self) -> &str {
        match self {
            Mix::Query => "query",
            Mix::Book => "book",
            Mix::Day => "day",
            Mix::Login => "login",
            Mix::RpcDoctor => "rpc-doctor",
            Mix::RpcPatient => "rpc-patient",
            Mix::RpcLogin => "rpc-login",
            Mix::RpcBook => "rpc-book",
            Mix::Listed { label, .. } => label,
            Mix::Raw { .. } => "raw",
        }
    }

    /// Whether it is of use only where somebody is logged in.
    pub(crate) fn needs_login(&self) -> bool {
        matches!(self, Mix::RpcPatient | Mix::RpcBook)
    }

    pub(crate) fn operations(&self) -> Result<Vec<Operation>, MixError> {
        let operations = match self {
            Mix::Query => listed(&[query_doctor(1)])?,
            Mix::Book => listed(&[create(1)])?,
            Mix::Day => listed(&day())?,
            Mix::Login => listed(&[login()])?,
            Mix::RpcDoctor => listed(&[call("doctor.get", json!({"doctor_id": "{doctor_id}"}))])?,
            Mix::RpcPatient => listed(&[call("patient.get", json!({"patient_id": "{patient_id}"}))])?,
            Mix::RpcLogin => listed(&[rpc_login()])?,
            Mix::RpcBook => listed(&[rpc_book()])?,
            Mix::Listed { entries, .. } => listed(entries)?,
            Mix::Raw { name, data } => vec![Operation {
                name: name.clone(),
                weight: 1,
                frame_name: name.clone(),
                template: Template::fixed(data),
                expect: Expect::Anything,
                patients: Patients::Any,
                is_rpc: false,
                books: false,
            }],
        };
        check(&operations)?;
        Ok(operations)
    }
}

fn listed(entries: &[Entry]) -> Result<Vec<Operation>, MixError> {
    let operation = |entry: &Entry| {
        let template = Template::parse(&entry.request)
            .map_err(|reason| MixError::Request { name: entry.name.clone(), reason })?;
        let is_rpc = is_rpc(&entry.request);
        if is_rpc && !is_answered(&entry.request) {
            return Err(MixError::Unanswered { name: entry.name.clone() });
        }
        let books_time = template.has_time() && (is_rpc || entry.request.get("create_appointment").is_some());
        let books = books_time || (template.has_session() && !template.has_appointment_id());
        Ok(Operation {
            name: entry.name.clone(),
            weight: entry.weight,
            frame_name: FRAME_NAME.into(),
            template,
            expect: Expect::Success,
            patients: entry.patients,
            is_rpc,
            books,
        })
    };
    entries.iter().map(operation).collect()
}

/// A call of JSON-RPC, or a batch of them.
fn is_rpc(request: &Value) -> bool {
    request.is_array() || request.get("jsonrpc").is_some()
}

fn is_answered(request: &Value) -> bool {
    match request {
        Value::Array(calls) => calls.iter().any(is_answered),
        call => call.get("id").is_some(),
    }
}

fn check(operations: &[Operation]) -> Result<(), MixError> {
    if operations.is_empty() || operations.len() > OPERATIONS_MAX {
        return Err(MixError::Count(operations.len()));
    }
    let something_books =
        operations.iter().any(|operation| operation.books && !operation.template.has_appointment_id());
    for Operation { name, weight, template, .. } in operations {
        if !(1..=WEIGHT_MAX).contains(weight) {
            return Err(MixError::Weight { name: name.clone(), weight: *weight });
        }
        if template.has_appointment_id() && !something_books {
            return Err(MixError::NothingBooks { name: name.clone() });
        }
    }
    Ok(())
}

fn entry(weight: u32, name: &str, request: Value) -> Entry {
    Entry { weight, name: name.into(), request, patients: Patients::Any }
}

/// A call of JSON-RPC. Replies come in the order of their requests, so that one id will do.
fn call(method: &str, params: Value) -> Entry {
    entry(1, method, json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
}

fn login() -> Entry {
    let request = json!({"login": true, "user_name": "{patient_phone}", "password": "{password}"});
    Entry { patients: Patients::Few, ..entry(1, "login", request) }
}

fn rpc_login() -> Entry {
    let params = json!({"username": "{patient_phone}", "password": "{password}"});
    Entry { patients: Patients::InTurn, ..call("session.login", params) }
}

fn rpc_book() -> Entry {
    call("appointment.book", json!({"session_id": "{session_id}", "patient_id": "{patient_id}"}))
}

fn query_doctor(weight: u32) -> Entry {
    let request = json!({"query_doctor_info": true, "doctor_name": "{doctor_name}"});
    entry(weight, "query_doctor_info", request)
}

fn create(weight: u32) -> Entry {
    let request = json!({
        "create_appointment": true,
        "patient_phone": "{patient_phone}",
        "doctor_name": "{doctor_name}",
        "appointment_time": "{time}",
        "fee_paid": 1,
    });
    entry(weight, "create_appointment", request)
}

fn day() -> [Entry; 6] {
    [
        query_doctor(30),
        entry(
            20,
            "query_patient_info",
            json!({"query_patient_info": true, "patient_name": "{patient_name}"}),
        ),
        entry(
            20,
            "query_appointments",
            json!({"query_appointments": true, "patient_phone": "{patient_phone}"}),
        ),
        create(20),
        entry(
            5,
            "cancel_appointment",
            json!({"cancel_appointment": true, "appointment_id": "{appointment_id}"}),
        ),
        entry(
            5,
            "update_appointment_status",
            json!({
                "update_appointment_status": true,
                "appointment_id": "{appointment_id}",
                "new_status": "completed",
            }),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Mix::parse("mix.jsonl", text).unwrap_err().to_string()
    }

    #[test]
    fn built_in_mixes_can_be_used() {
        for name in BUILT_IN.split(", ") {
            let mix = Mix::named(name).unwrap();
            assert_eq!(mix.label(), name);
            assert!(!mix.operations().unwrap().is_empty());
        }
        assert_eq!(Mix::named("night"), None);
        let weights: u32 = Mix::Day.operations().unwrap().iter().map(|operation| operation.weight).sum();
        assert_eq!(weights, 100);
    }

    #[test]
    fn a_file_is_read_line_by_line() {
        let text = r#"
            # who is asked for
            {"weight": 3, "name": "doctor", "request": {"query_doctor_info": true, "doctor_name": "{doctor_name}"}}
            {"name": "book", "request": {"create_appointment": true, "appointment_time": "{time}"}}
            {"name": "cancel", "request": {"cancel_appointment": true, "appointment_id": "{appointment_id}"}}
        "#;
        let operations = Mix::parse("mix.jsonl", text).unwrap().operations().unwrap();
        let seen: Vec<_> = operations.iter().map(|one| (one.name.as_str(), one.weight, one.books)).collect();
        assert_eq!(seen, [("doctor", 3, false), ("book", 1, true), ("cancel", 1, false)]);
    }

    #[test]
    fn a_file_may_have_calls_of_json_rpc() {
        let text = r#"
            {"name": "one", "request": {"jsonrpc": "2.0", "id": 7, "method": "m", "params": {"id": "{patient_id}"}}}
            {"name": "many", "patients": "in_turn", "request": [{"jsonrpc": "2.0", "id": 7, "method": "m"}]}
            {"name": "old", "patients": "few", "request": {"login": true}}
        "#;
        let operations = Mix::parse("mix.jsonl", text).unwrap().operations().unwrap();
        let seen: Vec<_> = operations.iter().map(|one| (one.patients, one.is_rpc, one.books)).collect();
        let (any, in_turn, few) = (Patients::Any, Patients::InTurn, Patients::Few);
        assert_eq!(seen, [(any, true, false), (in_turn, true, false), (few, false, false)]);
        for request in
            [r#"{"jsonrpc": "2.0", "method": "m"}"#, r#"[{"jsonrpc": "2.0", "method": "m"}]"#, "[]"]
        {
            assert!(error(&format!("{{\"name\": \"a\", \"request\": {request}}}")).contains("without an id"));
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_with_its_line() {
        assert!(error("\n{\"name\": 1}").starts_with("line 2 of the mix \"mix.jsonl\": invalid type"));
        assert!(
            error("{\"name\": \"a\", \"request\": {}, \"weigth\": 2}").contains("unknown field `weigth`")
        );
        assert!(error("{\"name\": \"a\", \"weight\": 0, \"request\": {}}").contains("weight 0 of \"a\""));
        assert!(error("# nothing").contains("this one has 0"));
        assert!(
            error("{\"name\": \"a\", \"request\": {\"x\": \"{appointment_id}\"}}")
                .contains("needs {appointment_id}")
        );
        assert!(
            error("{\"name\": \"a\", \"request\": {\"x\": \"{phone}\"}}")
                .contains("{phone} is no placeholder")
        );
        let missing = Mix::read(Path::new("/nonexistent/mix")).unwrap_err().to_string();
        assert!(
            missing.contains("/nonexistent/mix") && missing.contains("give query, book, day"),
            "{missing}"
        );
    }
}
