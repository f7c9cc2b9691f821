//! Parameters out of JSON, and what is said of those that are not right.
//!
//! It never knows which parameters a method has. Invariant: what is said names the member and what it should
//! be, never the value.

use super::problem::Problem;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Reads a method's parameters, by name or by position; none at all are an empty object.
pub fn read<P: for<'de> Deserialize<'de>>(json: Option<&RawValue>) -> Result<P, Problem> {
    let text = json.map_or("{}", RawValue::get);
    match serde_json::from_str(text) {
        Ok(params) => Ok(params),
        // The way to the member is looked for only now that something is wrong.
        Err(_) => Err(problem::<P>(text)),
    }
}

fn problem<P: for<'de> Deserialize<'de>>(text: &str) -> Problem {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, P>(&mut deserializer) {
        Ok(_) => Problem::Internal("parameters that were refused can be read".into()),
        Err(error) => {
            let path = error.path().to_string();
            let message = error.inner().to_string();
            let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
            let (field, message) = explain(path.trim_start_matches('.'), message);
            Problem::InvalidParams { field, message }
        }
    }
}

/// Takes what a client sent out of serde's words.
fn explain(path: &str, message: &str) -> (String, String) {
    let named = || message.split('`').nth(1).unwrap_or_default().to_owned();
    let below = |name: String| if path.is_empty() || path == name { name } else { format!("{path}.{name}") };
    if message.starts_with("missing field") {
        let field = below(named());
        return (field, "is missing".into());
    }
    if message.starts_with("unknown field") {
        let known = message.split_once(", ").map_or(String::new(), |(_, known)| format!("; {known}"));
        return (below(named()), format!("there is no such parameter{known}"));
    }
    if message.starts_with("duplicate field") {
        let field = below(named());
        return (field, "comes twice".into());
    }
    let field = if path.is_empty() { "params" } else { path };
    const ELSE: &str = "what rpc.discover describes";
    let is_about_kind =
        ["invalid type", "invalid value", "unknown variant"].iter().any(|start| message.starts_with(start));
    let expected = if is_about_kind {
        message.rsplit_once(", expected ").map_or(ELSE, |(_, expected)| expected)
    } else {
        // What is left is too many elements or too few, and text or numbers that cannot be read.
        message.strip_prefix("must be ").unwrap_or(ELSE)
    };
    let expected = match expected {
        "i64" | "u32" => "a whole number",
        other => other,
    };
    (field.to_owned(), format!("must be {expected}"))
}

#[cfg(test)]
mod tests {
    use super::super::field::{Id, Line};
    use super::*;
    use serde_json::json;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct Sample {
        patient_id: Id,
        name: Line<4>,
        #[serde(default)]
        limit: Option<u32>,
    }

    fn check(json: serde_json::Value, field: &str, message: &str) {
        let raw = serde_json::value::to_raw_value(&json).unwrap();
        match read::<Sample>(Some(&raw)) {
            Err(Problem::InvalidParams { field: found, message: said }) => {
                assert_eq!((found.as_str(), said.as_str()), (field, message), "{json}");
            }
            other => panic!("{json}: {other:?}"),
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_never_repeated() {
        check(json!({}), "patient_id", "is missing");
        check(json!({"patient_id": 1}), "name", "is missing");
        check(
            json!({"patient_id": 1, "name": "x", "nmae": "y"}),
            "nmae",
            "there is no such parameter; expected one of `patient_id`, `name`, `limit`",
        );
        check(
            json!({"patient_id": "secret", "name": "x"}),
            "patient_id",
            "must be an id, which is a whole number from 1 on",
        );
        check(
            json!({"patient_id": 0, "name": "x"}),
            "patient_id",
            "must be an id, which is a whole number from 1 on",
        );
        check(
            json!({"patient_id": 1, "name": "secret"}),
            "name",
            "must be text of 1 to 4 characters without control characters",
        );
        check(json!({"patient_id": 1, "name": "x", "limit": -1}), "limit", "must be a whole number");
        check(json!([1]), "params", "must be what rpc.discover describes");
    }

    #[test]
    fn parameters_come_by_name_or_by_position() {
        for json in [json!({"name": "x", "patient_id": 7}), json!([7, "x"])] {
            let raw = serde_json::value::to_raw_value(&json).unwrap();
            assert!(read::<Sample>(Some(&raw)).is_ok(), "{json}");
        }
    }
}
