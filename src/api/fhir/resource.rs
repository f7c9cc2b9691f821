//! The parts of which resources are made: ids, references, codes, moments.
//!
//! It never knows a resource. Invariant: what is not there or empty is left out.

use crate::service::time::{rfc3339_of_local, write_rfc3339};
use serde_json::{Map, Value, json};

const DIGITS_MAX: usize = 15;

/// A resource that is being made.
pub struct Resource(Map<String, Value>);

impl Resource {
    pub fn new(name: &str, id: impl ToString) -> Resource {
        let mut members = Map::new();
        members.insert("resourceType".into(), json!(name));
        members.insert("id".into(), json!(id.to_string()));
        Resource(members)
    }

    pub fn with(mut self, member: &str, value: Value) -> Resource {
        let is_empty = match &value {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(members) => members.is_empty(),
            Value::Bool(_) | Value::Number(_) => false,
        };
        if !is_empty {
            self.0.insert(member.to_owned(), value);
        }
        self
    }

    pub fn done(self) -> Value {
        Value::Object(self.0)
    }
}

/// A part of a resource, which has no type and no id.
pub fn part(members: &[(&str, Value)]) -> Value {
    let empty = Resource(Map::new());
    members.iter().fold(empty, |part, (member, value)| part.with(member, value.clone())).done()
}

pub fn reference(name: &str, id: impl ToString, display: Option<&str>) -> Value {
    part(&[("reference", json!(format!("{name}/{}", id.to_string()))), ("display", json!(display))])
}

/// A concept that has no code.
pub fn text(text: &str) -> Value {
    json!({"text": text})
}

/// A concept by its code.
pub fn concept(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": system, "code": code}]})
}

/// A moment, given in milliseconds since 1970.
pub fn instant(unix_ms: i64) -> Value {
    let mut text = String::new();
    write_rfc3339(unix_ms, &mut text);
    json!(text)
}

/// A time in the hospital's own time, with the distance to UTC that it has here.
pub fn local(time: &str) -> Value {
    json!(rfc3339_of_local(time))
}

/// From when to when, in milliseconds since 1970; a beginning after the end is none.
pub fn period(from_ms: Option<i64>, to_ms: Option<i64>) -> Value {
    let from_ms = from_ms.filter(|from| to_ms.is_none_or(|to| *from <= to));
    let moment = |unix_ms: Option<i64>| unix_ms.map_or(Value::Null, instant);
    part(&[("start", moment(from_ms)), ("end", moment(to_ms))])
}

/// A decimal number that stands as text, as a JSON number that says the same; of another text there is none. Readers
/// keep a number as a binary one, which has so many decimal digits for certain.
pub fn decimal(text: &str) -> Value {
    let Ok(number) = text.parse::<f64>() else { return Value::Null };
    let digits = text.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0').count();
    let places = text.split_once('.').map_or(0, |(_, places)| places.len());
    let is_minus_zero = number == 0.0 && number.is_sign_negative();
    if digits > DIGITS_MAX || is_minus_zero || format!("{number:.places$}") != text {
        return Value::Null;
    }
    text.parse::<serde_json::Number>().map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_left_out() {
        let made = Resource::new("Patient", 7)
            .with("a", Value::Null)
            .with("b", json!(" "))
            .with("c", json!([]))
            .with("d", part(&[("e", json!(None::<&str>))]))
            .with("f", json!(false));
        assert_eq!(made.done(), json!({"resourceType": "Patient", "id": "7", "f": false}));
        assert_eq!(period(Some(5), Some(4)), json!({"end": "1970-01-01T00:00:00.004Z"}));
        assert_eq!(decimal("0.25"), json!(0.25));
        assert_eq!(decimal("500"), json!(500));
        for no_number in ["positive", "-0", "1e5", "007", "0.1234567890123456789", "inf"] {
            assert_eq!(decimal(no_number), Value::Null, "{no_number}");
        }
        assert_eq!(local("no time"), Value::Null);
    }
}
