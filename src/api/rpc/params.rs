//! Parameters out of JSON, and what is said of those that are not right.
//!
//! It never knows which parameters a method has. Invariant: what is said names the member and what it should
//! be, never the value.

mod members;

use super::problem::Problem;
use members::{Members, names};
use serde::Deserialize;
use serde_json::value::RawValue;

const MISSING: &str = "is missing";
const NO_UNICODE: &str = "must be text of Unicode; an escape in it stands for no character";

/// Reads a method's parameters, by name or by position; none at all are an empty object.
pub fn read<P: for<'de> Deserialize<'de>>(json: Option<&RawValue>) -> Result<P, Problem> {
    let text = json.map_or("{}", RawValue::get);
    match serde_json::from_str(text) {
        Ok(params) => Ok(params),
        // What is null, and the way to what is wrong, is looked for only now.
        Err(_) => read_again(text),
    }
}

/// Reads them by name, and what is null as missing. Where it must not be missing, it is said what it should be.
fn read_again<P: for<'de> Deserialize<'de>>(text: &str) -> Result<P, Problem> {
    let names = names::<P>();
    let Some(members) = Members::of(text, names)? else { return attempt(text) };
    let problem = match attempt(&members.without_nulls(names, None)) {
        Ok(params) => return Ok(params),
        Err(problem) => problem,
    };
    match &problem {
        Problem::InvalidParams { field, message } if message == MISSING && members.is_null(field) => {
            attempt(&members.without_nulls(names, Some(field)))
        }
        _ => Err(problem),
    }
}

fn attempt<P: for<'de> Deserialize<'de>>(text: &str) -> Result<P, Problem> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize::<_, P>(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let message = error.inner().to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        // The name of a member that cannot be read is a question mark.
        let above = path.strip_suffix('?').filter(|above| above.is_empty() || above.ends_with('.'));
        let (field, message) = explain(above.unwrap_or(&path).trim_matches('.'), message);
        Problem::InvalidParams { field, message }
    })
}

/// Takes what a client sent out of serde's words.
fn explain(path: &str, message: &str) -> (String, String) {
    let named = || message.split('`').nth(1).unwrap_or_default().to_owned();
    let below = |name: String| if path.is_empty() { name } else { format!("{path}.{name}") };
    // The way to a member that was read leads to it, and not to what it is a member of.
    let read = |name: String| match path.strip_suffix(name.as_str()) {
        Some(above) if above.is_empty() || above.ends_with('.') => path.to_owned(),
        _ => below(name),
    };
    if message.starts_with("missing field") {
        return (below(named()), MISSING.into());
    }
    if message.starts_with("unknown field") {
        let known = message.split_once(", ").map_or(String::new(), |(_, known)| format!("; {known}"));
        return (read(named()), format!("there is no such parameter{known}"));
    }
    if message.starts_with("duplicate field") {
        return (read(named()), "comes twice".into());
    }
    let field = if path.is_empty() { "params" } else { path };
    const ELSE: &str = "what rpc.discover describes";
    let is_no_unicode = ["hex escape", "unicode code point"].iter().any(|part| message.contains(part));
    if is_no_unicode {
        return (field.to_owned(), NO_UNICODE.into());
    }
    let is_about_kind =
        ["invalid type", "invalid value", "unknown variant"].iter().any(|start| message.starts_with(start));
    let expected = if is_about_kind {
        message.rsplit_once(", expected ").map_or(ELSE, |(_, expected)| expected)
    } else {
        // What is left is too many elements within a member or too few, and numbers that cannot be read.
        message.strip_prefix("must be ").unwrap_or(ELSE)
    };
    let expected = match expected {
        "i64" | "u32" => "a whole number",
        structure if structure.starts_with("struct ") => "an object",
        other => other,
    };
    (field.to_owned(), format!("must be {expected}"))
}

#[cfg(test)]
mod tests {
    use super::super::field::{Id, Limit, Line};
    use super::*;
    use serde_json::json;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct Sample {
        patient_id: Id,
        name: Line<4>,
        #[serde(default)]
        limit: Limit,
        #[serde(default)]
        inner: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct Inner {
        inner: i64,
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
    fn what_comes_twice_is_refused_even_where_it_is_null() {
        let refused = |text: String| {
            let raw = RawValue::from_string(text).unwrap();
            match read::<Sample>(Some(&raw)) {
                Err(Problem::InvalidParams { field, message }) => (field, message),
                other => panic!("{other:?}"),
            }
        };
        for twice in ["1, \"patient_id\": null", "null, \"patient_id\": 1"] {
            let found = refused(format!("{{\"name\": \"x\", \"patient_id\": {twice}}}"));
            assert_eq!(found.0, "patient_id", "{found:?}");
        }
        let many: Vec<String> = (0..100_000).map(|number| format!("\"m{number}\": null")).collect();
        assert_eq!(refused(format!("{{{}}}", many.join(","))).0, "m0");
    }

    #[test]
    fn what_is_wrong_is_named_and_never_repeated() {
        check(json!({}), "patient_id", "is missing");
        check(json!({"patient_id": 1}), "name", "is missing");
        check(
            json!({"patient_id": 1, "name": "x", "nmae": "y"}),
            "nmae",
            "there is no such parameter; expected one of `patient_id`, `name`, `limit`, `inner`",
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
        check(
            json!({"patient_id": 1, "name": "x", "limit": -1}),
            "limit",
            "must be a whole number from 1 to 500",
        );
        check(json!({"patient_id": 1, "name": null}), "name", "must be a string");
    }

    #[test]
    fn parameters_come_by_name_or_by_position() {
        for json in [json!({"name": "x", "patient_id": 7}), json!([7, "x"]), json!([7, "x", null, null])] {
            let raw = serde_json::value::to_raw_value(&json).unwrap();
            assert!(read::<Sample>(Some(&raw)).is_ok(), "{json}");
        }
        check(json!([]), "patient_id", "is missing");
        check(json!([1]), "name", "is missing");
        check(json!([1, 2]), "name", "must be a string");
        check(
            json!([1, "x", 3, [], 5]),
            "params",
            "must be no more than 4 by position: `patient_id`, `name`, `limit`, `inner`",
        );
        check(json!({"patient_id": 1, "name": "x", "inner": [7]}), "inner[0]", "must be an object");
    }

    #[test]
    fn null_is_as_missing_and_a_name_is_said_once() {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        let nulls = raw(r#"{"limit": null, "patient_id": 7, "inner": null, "name": "x"}"#);
        let sample = read::<Sample>(Some(&nulls)).unwrap();
        assert_eq!((sample.limit, sample.inner.len()), (Limit::default(), 0));
        check(
            json!({"patient_id": 1, "name": "x", "nmae": null}),
            "nmae",
            "there is no such parameter; expected one of `patient_id`, `name`, `limit`, `inner`",
        );
        check(
            json!({"patient_id": 1, "name": "x", "inner": [{"inner": 1}, {"inner": 2, "foo": 3}]}),
            "inner[1].foo",
            "there is no such parameter; expected `inner`",
        );
        check(json!({"patient_id": 1, "name": "x", "inner": [{}]}), "inner[0].inner", "is missing");
        for (text, field, message) in [
            (r#"{"patient_id": 1, "name": "\ud800"}"#, "name", NO_UNICODE),
            (r#"{"patient_id": 1, "name": "\udc00x"}"#, "name", NO_UNICODE),
            (r#"{"patient_id": 1, "name": "x", "\ud800": 1}"#, "params", NO_UNICODE),
            (r#"{"patient_id": 1, "name": "x", "name": "y"}"#, "name", "comes twice"),
        ] {
            let error = read::<Sample>(Some(&raw(text))).unwrap_err();
            let Problem::InvalidParams { field: found, message: said } = error else { panic!("{error:?}") };
            assert_eq!((found.as_str(), said.as_str()), (field, message), "{text}");
        }
    }
}
