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

/// Which requests to send.
#[derive(Debug, Clone, PartialEq)]
pub enum Mix {
    /// `query_doctor_info` only: one read by an index.
    Query,
    /// `create_appointment` only, each for a free place.
    Book,
    /// A day in the hospital: seven reads in ten, two bookings, one cancellation or change of status.
    Day,
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
    /// The request; texts in it may have placeholders.
    pub request: Value,
}

fn one() -> u32 {
    1
}

/// Why a mix cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MixError {
    #[error("the mix {path:?} cannot be read: {reason}; give query, book, day, raw or a file of JSON lines")]
    File { path: String, reason: String },
    #[error(
        "line {line} of the mix {path:?}: {reason}; a line is {{\"weight\": 1, \"name\": \"…\", \"request\": {{…}}}}"
    )]
    Line { path: String, line: usize, reason: String },
    #[error("the request {name:?}: {reason}")]
    Request { name: String, reason: UnknownPlaceholder },
    #[error("the weight {weight} of {name:?} is not between 1 and {WEIGHT_MAX}")]
    Weight { name: String, weight: u32 },
    #[error("a mix has between 1 and {OPERATIONS_MAX} requests, this one has {0}")]
    Count(usize),
    #[error(
        "{name:?} needs {{appointment_id}}, but no request of the mix books with create_appointment and {{time}}"
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
            Mix::Listed { label, .. } => label,
            Mix::Raw { .. } => "raw",
        }
    }

    pub(crate) fn operations(&self) -> Result<Vec<Operation>, MixError> {
        let operations = match self {
            Mix::Query => listed(&[query_doctor(1)])?,
            Mix::Book => listed(&[create(1)])?,
            Mix::Day => listed(&day())?,
            Mix::Listed { entries, .. } => listed(entries)?,
            Mix::Raw { name, data } => vec![Operation {
                name: name.clone(),
                weight: 1,
                frame_name: name.clone(),
                template: Template::fixed(data),
                expect: Expect::Anything,
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
        let books = template.has_time() && entry.request.get("create_appointment").is_some();
        Ok(Operation {
            name: entry.name.clone(),
            weight: entry.weight,
            frame_name: FRAME_NAME.into(),
            template,
            expect: Expect::Success,
            books,
        })
    };
    entries.iter().map(operation).collect()
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
    Entry { weight, name: name.into(), request }
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
        for name in ["query", "book", "day", "raw"] {
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
