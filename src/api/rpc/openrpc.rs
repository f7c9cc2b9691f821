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
use serde_json::{Value, json};
use std::borrow::Cow;

/// What any method may refuse with.
const ERRORS_OF_ALL: [Code; 4] = [Code::Busy, Code::Retry, Code::StorageFull, Code::TooLarge];

/// The document, given methods with who may call each.
pub fn document(methods: &[(&Entry, String)]) -> Value {
    let mut settings = SchemaSettings::draft07();
    settings.definitions_path = "/components/schemas".into();
    let mut generator = settings.into_generator();
    let described: Vec<Value> =
        methods.iter().map(|(entry, callers)| describe(entry, callers, &mut generator)).collect();
    json!({
        "openrpc": "1.3.2",
        "info": {
            "title": "medsrv",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A hospital's appointments and records, as JSON-RPC 2.0 over length-prefixed frames.",
        },
        "methods": described,
        "components": {"schemas": generator.take_definitions(true)},
    })
}

fn describe(entry: &Entry, callers: &str, generator: &mut SchemaGenerator) -> Value {
    let schema = (entry.params)(generator);
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
        .map(|(name, schema)| json!({"name": name, "required": required.contains(&name.as_str()), "schema": schema}))
        .collect();
    let errors: Vec<Value> = entry
        .errors
        .iter()
        .chain(ERRORS_OF_ALL.iter().filter(|code| !entry.errors.contains(code)))
        .map(|code| json!({"code": APPLICATION_ERROR, "message": code.meaning(), "data": {"code": code.word()}}))
        .collect();
    json!({
        "name": entry.name,
        "summary": entry.summary,
        "paramStructure": "either",
        "params": params,
        "result": {"name": "result", "schema": (entry.outcome)(generator)},
        "errors": errors,
        "x-callers": callers,
        "x-writes": matches!(entry.kind, Kind::Write(_)),
    })
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
        json_schema!({"$ref": "https://raw.githubusercontent.com/open-rpc/meta-schema/master/schema.json"})
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
