//! The document that describes all methods (spec.open-rpc.org, 1.3), made from the table that dispatches.
//!
//! It never knows a method's rules. Invariant: what is in the table is in the document, and nothing else.

use super::problem::{APPLICATION_ERROR, Code, Problem};
use super::session::Nothing;
use super::{Call, Entry, Kind, Method};
use crate::store::Transaction;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// What any method may refuse with.
const ERRORS_OF_ALL: [Code; 4] = [Code::Busy, Code::Retry, Code::StorageFull, Code::TooLarge];
/// What a method that is not open to everyone may refuse with, too.
const ERRORS_OF_CLOSED: [Code; 2] = [Code::Unauthenticated, Code::Forbidden];
/// The document's own description, as the specification of OpenRPC names it.
pub const META_SCHEMA: &str = "https://raw.githubusercontent.com/open-rpc/meta-schema/master/schema.json";

/// What a parameter is that several methods have under one name. It is said where the method says nothing
/// better.
const COMMON: [(&str, &str); 12] = [
    (
        "request_id",
        "Chosen by the client: the same request sent again within 24 hours gets the first reply again.",
    ),
    ("patient_id", "The patient's id."),
    ("doctor_id", "The doctor's id."),
    ("user_id", "The account's id, which is the patient's or the doctor's, too."),
    ("username", "The account's name."),
    ("department", "The name of a department."),
    ("birth_date", "A day, YYYY-MM-DD."),
    ("token", "The token that session.login gave."),
    ("id_card", "The number of the id card."),
    ("email", "An address for mail."),
    ("photo_path", "Where a photo is."),
    ("is_available", "Whether appointments can be made."),
];
/// What texts say of themselves; the kind says as much.
pub(super) const OF_KINDS: [&str; 2] =
    ["One line of text, without control characters.", "Text that may have several lines."];

/// A method and who may call it, in words; and whether that is everyone.
pub struct Described<'a> {
    pub entry: &'a Entry,
    pub callers: String,
    pub is_open: bool,
}

/// The document of these methods.
pub fn document(methods: &[Described<'_>]) -> Value {
    let mut settings = SchemaSettings::draft07();
    settings.definitions_path = "/components/schemas".into();
    let mut of_params = settings.clone().into_generator();
    // Of a result, what can be null is there all the same.
    let mut of_results = settings.for_serialize().into_generator();
    let described: Vec<Value> =
        methods.iter().map(|method| describe(method, &mut of_params, &mut of_results)).collect();
    let mut schemas = of_params.take_definitions(true);
    schemas.extend(of_results.take_definitions(true));
    let codes: Map<String, Value> =
        Code::ALL.iter().map(|code| (code.word().to_owned(), code.meaning().into())).collect();
    json!({
        "openrpc": "1.3.2",
        "info": {
            "title": "medsrv",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A hospital's appointments and records, as JSON-RPC 2.0 over length-prefixed frames.",
        },
        "methods": described,
        "components": {"schemas": schemas},
        "x-error-codes": codes,
    })
}

fn describe(
    method: &Described<'_>,
    of_params: &mut SchemaGenerator,
    of_results: &mut SchemaGenerator,
) -> Value {
    let entry = method.entry;
    let schema = (entry.params)(of_params);
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let params: Vec<Value> = schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, schema)| parameter(name, required.contains(&name.as_str()), schema))
        .collect();
    // Errors of one method must differ in their code, and all of ours have one; the words tell them apart.
    let mut codes = entry.errors.to_vec();
    let of_gate: &[Code] = if method.is_open { &[] } else { &ERRORS_OF_CLOSED };
    for code in of_gate.iter().chain(&ERRORS_OF_ALL) {
        if !codes.contains(code) {
            codes.push(*code);
        }
    }
    let words: Vec<&str> = codes.iter().map(|code| code.word()).collect();
    json!({
        "name": entry.name,
        "summary": entry.summary,
        "paramStructure": "either",
        "params": params,
        "result": {"name": "result", "schema": (entry.outcome)(of_results)},
        "errors": [{"code": APPLICATION_ERROR, "message": "refused; data.code is one of x-error-codes"}],
        "x-error-codes": words,
        "x-callers": method.callers,
        "x-writes": matches!(entry.kind, Kind::Write(_)),
    })
}

/// A parameter as a content descriptor.
fn parameter(name: &str, is_required: bool, schema: &Value) -> Value {
    let own = schema.get("description").and_then(Value::as_str).filter(|own| !OF_KINDS.contains(own));
    let common = || COMMON.iter().find(|(known, _)| *known == name).map(|(_, description)| *description);
    let schema = if is_required { schema.clone() } else { or_null(schema) };
    let mut descriptor = json!({"name": name, "required": is_required, "schema": schema});
    if let (Some(description), Some(members)) = (own.or_else(common), descriptor.as_object_mut()) {
        members.insert("description".into(), description.into());
    }
    descriptor
}

/// Whatever may be missing may be null, which is the same.
fn or_null(schema: &Value) -> Value {
    let mut schema = schema.clone();
    let Some(members) = schema.as_object_mut() else { return schema };
    if let Some(kind) = members.get_mut("type") {
        if kind.is_string() {
            *kind = json!([kind, "null"]);
        }
    } else if !members.contains_key("anyOf") {
        let is_about = |key: &str| matches!(key, "default" | "description");
        let (about, inner): (Map<String, Value>, Map<String, Value>) =
            std::mem::take(members).into_iter().partition(|(key, _)| is_about(key));
        *members = about;
        members.insert("anyOf".into(), json!([inner, {"type": "null"}]));
    }
    schema
}

pub struct Discover;

/// An OpenRPC document.
pub struct Document(Box<RawValue>);

impl serde::Serialize for Document {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl JsonSchema for Document {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "OpenRpcDocument".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"$ref": META_SCHEMA})
    }
}

impl Method for Discover {
    const NAME: &'static str = "rpc.discover";
    const SUMMARY: &'static str = "Describes all methods, as an OpenRPC document.";
    const KIND: Kind = Kind::Read;
    type Params = Nothing;
    type Outcome = Document;

    fn run(_: Nothing, call: &mut Call<'_>, _: &Transaction<'_>) -> Result<Document, Problem> {
        Ok(Document(call.document.to_owned()))
    }
}
