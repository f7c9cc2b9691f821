//! The document that describes all methods, as a page for people.
//!
//! It never knows a method, only what the OpenRPC document says of it. Invariant: the same document gives the
//! same page, so that a page can be held against its document.

use super::openrpc::OF_KINDS;
use serde_json::{Map, Value};
use std::fmt::Write;

/// Objects within objects, of which members are listed; ours are flatter.
const DEPTH_MAX: usize = 4;
const OR_NULL: &str = " or null";

/// The error codes, and each method with its parameters, its result and its errors.
pub fn reference(document: &Value) -> String {
    let mut page = String::from("## Error codes\n\n| `data.code` | What it means |\n|---|---|\n");
    for (word, meaning) in members(document.get("x-error-codes")) {
        line(&mut page, &format!("| `{word}` | {} |", cell(text(meaning))));
    }
    let methods = list(document.get("methods"));
    let of_all = codes_of_all(methods);
    page += "\n## Methods\n\n";
    line(&mut page, &format!("Every method can be refused with {}.\n", quoted(&of_all)));
    page += "| Method | What it does |\n|---|---|\n";
    for method in methods {
        let name = text_of(method, "name");
        let anchor = name.replace('.', "");
        line(&mut page, &format!("| [`{name}`](#{anchor}) | {} |", cell(text_of(method, "summary"))));
    }
    for method in methods {
        describe(&mut page, method, &of_all, document);
    }
    page
}

fn codes_of_all(methods: &[Value]) -> Vec<&str> {
    let codes = |method| list(Value::get(method, "x-error-codes"));
    let in_all = |code: &&Value| methods.iter().all(|method| codes(method).contains(code));
    methods.first().map_or(&[][..], codes).iter().filter(in_all).map(text).collect()
}

fn describe(page: &mut String, method: &Value, of_all: &[&str], document: &Value) {
    line(page, &format!("\n### {}\n\n{}\n", text_of(method, "name"), text_of(method, "summary")));
    line(page, &format!("May be called by: {}.\n", text_of(method, "x-callers")));
    let params = list(method.get("params"));
    if params.is_empty() {
        line(page, "It has no parameters.\n");
    } else {
        line(page, "| Parameter | Type | Required | What it is |\n|---|---|---|---|");
        for parameter in params {
            row(page, parameter, document);
        }
        page.push('\n');
    }
    result(page, method, document);
    let own: Vec<&str> =
        list(method.get("x-error-codes")).iter().map(text).filter(|code| !of_all.contains(code)).collect();
    if !own.is_empty() {
        line(page, &format!("\nErrors: {}.", quoted(&own)));
    }
}

fn row(page: &mut String, parameter: &Value, document: &Value) {
    let is_required = parameter.get("required") == Some(&Value::Bool(true));
    let schema = parameter.get("schema").unwrap_or(&Value::Null);
    let (name, description) = (text_of(parameter, "name"), text_of(parameter, "description"));
    parameter_rows(page, &Parameter { name, description, schema, is_required }, document, DEPTH_MAX);
}

/// A parameter, or a member of one.
struct Parameter<'a> {
    name: &'a str,
    description: &'a str,
    schema: &'a Value,
    is_required: bool,
}

/// One row for a parameter, and below it one for each member of its own.
fn parameter_rows(page: &mut String, parameter: &Parameter<'_>, document: &Value, depth: usize) {
    let Parameter { name, description, schema, is_required } = *parameter;
    let kind = kind(schema, document);
    // Whatever may be missing may be null.
    let kind = kind.replacen(OR_NULL, "", 1);
    let required = if is_required { "yes" } else { "" };
    line(page, &format!("| `{name}` | {kind} | {required} | {} |", cell(description)));
    let (inner, suffix) = members_of(schema, document);
    if depth == 0 {
        return;
    }
    let needed = list(inner.get("required"));
    for (member, schema) in members(inner.get("properties")) {
        let name = &format!("{name}{suffix}.{member}");
        let description = Some(text_of(schema, "description")).filter(|said| !OF_KINDS.contains(said));
        let description = description.unwrap_or_default();
        let is_required = needed.iter().any(|needed| text(needed) == member);
        parameter_rows(page, &Parameter { name, description, schema, is_required }, document, depth - 1);
    }
}

/// What has the members of a value, or of each value of an array.
fn members_of<'a>(schema: &'a Value, document: &'a Value) -> (&'a Value, &'static str) {
    match schema.get("items") {
        Some(items) => (resolved(items, document), "[]"),
        None => (resolved(schema, document), ""),
    }
}

fn result(page: &mut String, method: &Value, document: &Value) {
    let schema = method.pointer("/result/schema").unwrap_or(&Value::Null);
    if schema.get("$ref").and_then(Value::as_str).is_some_and(|target| !target.starts_with('#')) {
        line(page, "The result is an OpenRPC document.");
        return;
    }
    let schema = resolved(schema, document);
    match text_of(schema, "description") {
        "" => line(page, "The result:\n"),
        description => line(page, &format!("The result: {description}\n")),
    }
    line(page, "| Member | Type | What it is |\n|---|---|---|");
    rows(page, "", schema, document, DEPTH_MAX);
}

/// One row for each member, and below it one for each of its own.
fn rows(page: &mut String, prefix: &str, schema: &Value, document: &Value, depth: usize) {
    for (name, member) in members(schema.get("properties")) {
        let path = format!("{prefix}{name}");
        let description = cell(text_of(member, "description"));
        line(page, &format!("| `{path}` | {} | {description} |", kind(member, document)));
        let (inner, suffix) = members_of(member, document);
        if depth > 0 && inner.get("properties").is_some() {
            rows(page, &format!("{path}{suffix}."), inner, document, depth - 1);
        }
    }
}

/// What stands where a schema refers to another one.
fn resolved<'a>(schema: &'a Value, document: &'a Value) -> &'a Value {
    let alternatives = ["anyOf", "oneOf", "allOf"].iter().find_map(|key| schema.get(*key));
    let schema = list(alternatives).first().filter(|first| first.get("$ref").is_some()).unwrap_or(schema);
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
    target.and_then(|target| document.pointer(target)).unwrap_or(schema)
}

/// A schema in a few words.
fn kind(schema: &Value, document: &Value) -> String {
    let is_null = |value: &Value| value.get("type").is_some_and(|kind| kind == "null");
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().map(text).collect(),
        _ => Vec::new(),
    };
    let can_be_null = types.contains(&"null") || list(schema.get("anyOf")).iter().any(is_null);
    let inner = resolved(schema, document);
    let name = match types.first() {
        Some(name) => name,
        None => text_of(inner, "type"),
    };
    let choices = choices(inner);
    let mut words = if choices.is_empty() { named(name, inner, document) } else { quoted(&choices) };
    if can_be_null {
        words += OR_NULL;
    }
    if let Some(default) = inner.get("default").filter(|default| !default.is_null()) {
        let _ = write!(words, ", {default} where it is missing");
    }
    words
}

/// The words that a value is one of; those that say more of themselves stand apart from the others.
fn choices(schema: &Value) -> Vec<&str> {
    let apart = list(schema.get("oneOf"));
    let each = std::iter::once(schema).chain(apart);
    each.flat_map(|schema| list(schema.get("enum")).iter().chain(schema.get("const")))
        .map(text)
        .filter(|word| !word.is_empty())
        .collect()
}

fn named(name: &str, schema: &Value, document: &Value) -> String {
    let number = |key: &str| schema.get(key).and_then(Value::as_i64);
    match (name, number("minimum"), number("maximum"), number("maxLength")) {
        ("string", _, _, Some(max)) => format!("text({max})"),
        ("string", ..) if schema.get("format").is_some_and(|format| format == "date") => "date".into(),
        ("string", ..) => "text".into(),
        ("integer", Some(min), Some(max), _) => format!("integer from {min} to {max}"),
        ("integer", Some(min), None, _) => format!("integer from {min} on"),
        ("boolean", ..) => "true or false".into(),
        ("array", ..) => {
            let of = resolved(schema.get("items").unwrap_or(&Value::Null), document);
            format!(
                "array of {}",
                if of.get("properties").is_some() { "objects".into() } else { kind(of, document) }
            )
        }
        // One of several kinds of objects, or one that another document describes.
        ("", ..) => "object".into(),
        (name, ..) => name.to_owned(),
    }
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn text_of<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).map_or("", text)
}

/// What stands in a table has no line breaks and no bars.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn line(page: &mut String, text: &str) {
    page.push_str(text);
    page.push('\n');
}
