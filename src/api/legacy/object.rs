//! A flat JSON object, as requests of the old dialect are, and its members as typed fields.
//!
//! It never knows which members an operation has. Invariants: the whole text is one object and nothing
//! after it; no key comes twice; nesting is followed to `DEPTH_MAX` and no further; text is borrowed from the
//! request wherever it holds no escape.

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::error::Category;
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

/// How deep a member that nothing reads may be nested.
const DEPTH_MAX: usize = 32;
/// More members than any operation has.
const MEMBERS_MAX: usize = 64;

/// Why a text is no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("it is empty")]
    Empty,
    #[error("it is not JSON")]
    NotJson,
    #[error("it is not an object")]
    NotAnObject,
    #[error("a key comes twice")]
    KeyTwice,
    #[error("it has too many members")]
    TooManyMembers,
    #[error("it is nested too deeply")]
    TooDeep,
}

/// The value of a member.
#[derive(Debug, Clone, PartialEq)]
pub enum Field<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Real(f64),
    /// An integer that does not fit 64 bits with a sign.
    TooLarge,
    Text(Cow<'a, str>),
    /// An array or an object.
    Nested,
}

/// A field as it came, for replies that repeat what was sent.
impl Serialize for Field<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Field::Null | Field::TooLarge | Field::Nested => serializer.serialize_unit(),
            Field::Bool(value) => serializer.serialize_bool(*value),
            Field::Integer(number) => serializer.serialize_i64(*number),
            Field::Real(number) => serializer.serialize_f64(*number),
            Field::Text(text) => serializer.serialize_str(text),
        }
    }
}

#[derive(Debug, PartialEq)]
pub struct Object<'a> {
    members: Vec<(Cow<'a, str>, Field<'a>)>,
}

impl<'a> Object<'a> {
    pub fn parse(text: &'a [u8]) -> Result<Object<'a>, Unreadable> {
        if text.is_empty() {
            return Err(Unreadable::Empty);
        }
        let problem = Cell::new(None);
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let members = ObjectSeed { problem: &problem }.deserialize(&mut deserializer);
        match members.and_then(|members| deserializer.end().map(|()| members)) {
            Ok(members) => Ok(Object { members }),
            Err(error) => Err(problem.get().unwrap_or(match error.classify() {
                Category::Data => Unreadable::NotAnObject,
                _ => Unreadable::NotJson,
            })),
        }
    }

    pub fn get(&self, key: &str) -> Option<&Field<'a>> {
        self.members.iter().find(|(name, _)| name == key).map(|(_, field)| field)
    }

    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub fn members(&self) -> impl Iterator<Item = (&str, &Field<'a>)> {
        self.members.iter().map(|(key, field)| (key.as_ref(), field))
    }
}

/// Notes a problem of ours and stops serde with it.
fn stop<E: de::Error>(problem: &Cell<Option<Unreadable>>, found: Unreadable) -> E {
    problem.set(Some(found));
    E::custom(found)
}

struct ObjectSeed<'p> {
    problem: &'p Cell<Option<Unreadable>>,
}

impl<'de> DeserializeSeed<'de> for ObjectSeed<'_> {
    type Value = Vec<(Cow<'de, str>, Field<'de>)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ObjectSeed<'_> {
    type Value = Vec<(Cow<'de, str>, Field<'de>)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: Self::Value = Vec::with_capacity(8);
        while let Some(key) = map.next_key_seed(TextSeed)? {
            if members.iter().any(|(known, _)| *known == key) {
                return Err(stop(self.problem, Unreadable::KeyTwice));
            }
            if members.len() == MEMBERS_MAX {
                return Err(stop(self.problem, Unreadable::TooManyMembers));
            }
            let field = map.next_value_seed(FieldSeed { depth: 1, problem: self.problem })?;
            members.push((key, field));
        }
        Ok(members)
    }
}

/// Text, borrowed where it can be.
struct TextSeed;

impl<'de> DeserializeSeed<'de> for TextSeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for TextSeed {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("text")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

#[derive(Clone, Copy)]
struct FieldSeed<'p> {
    depth: usize,
    problem: &'p Cell<Option<Unreadable>>,
}

impl FieldSeed<'_> {
    fn deeper<E: de::Error>(mut self) -> Result<Self, E> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err(stop(self.problem, Unreadable::TooDeep)) } else { Ok(self) }
    }
}

impl<'de> DeserializeSeed<'de> for FieldSeed<'_> {
    type Value = Field<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FieldSeed<'_> {
    type Value = Field<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Field::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Field::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Field::Integer(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or(Field::TooLarge, Field::Integer))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Field::Real(value))
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Field::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Field::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let deeper = self.deeper()?;
        while sequence.next_element_seed(deeper)?.is_some() {}
        Ok(Field::Nested)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let deeper = self.deeper()?;
        while map.next_key::<IgnoredAny>()?.is_some() {
            map.next_value_seed(deeper)?;
        }
        Ok(Field::Nested)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn members_are_typed() {
        let text = r#"{"a": null, "b": true, "c": -5, "d": 1.5, "e": "é\n", "f": [1, {"g": 2}], "h": 18446744073709551615, "好": "王"}"#;
        let object = Object::parse(text.as_bytes()).unwrap();
        assert_eq!(object.get("a"), Some(&Field::Null));
        assert_eq!(object.get("b"), Some(&Field::Bool(true)));
        assert_eq!(object.get("c"), Some(&Field::Integer(-5)));
        assert_eq!(object.get("d"), Some(&Field::Real(1.5)));
        assert_eq!(object.get("e"), Some(&Field::Text("é\n".into())));
        assert_eq!(object.get("f"), Some(&Field::Nested));
        assert_eq!(object.get("h"), Some(&Field::TooLarge));
        assert_eq!(object.get("missing"), None);
        assert!(matches!(object.get("好"), Some(Field::Text(Cow::Borrowed("王")))));
    }

    #[test]
    fn what_is_no_request_is_told_apart() {
        let deep = format!("{{\"a\": {}", "[".repeat(100_000));
        let nested = format!("{{\"a\": {}1{}}}", "[".repeat(DEPTH_MAX), "]".repeat(DEPTH_MAX));
        let members: Vec<String> = (0..=MEMBERS_MAX).map(|number| format!("\"{number}\": 1")).collect();
        let many = format!("{{{}}}", members.join(","));
        for (text, expected) in [
            ("", Unreadable::Empty),
            (" ", Unreadable::NotJson),
            ("{bad", Unreadable::NotJson),
            ("{\"a\": 1", Unreadable::NotJson),
            ("{} {}", Unreadable::NotJson),
            ("{\"a\": 1}x", Unreadable::NotJson),
            ("\u{feff}{}", Unreadable::NotJson),
            ("{\"a\": \"\\ud800\"}", Unreadable::NotJson),
            ("{\"a\": 1e400}", Unreadable::NotJson),
            ("{\"a\": NaN}", Unreadable::NotJson),
            ("[]", Unreadable::NotAnObject),
            ("\"login\"", Unreadable::NotAnObject),
            ("7", Unreadable::NotAnObject),
            ("null", Unreadable::NotAnObject),
            ("{\"a\": 1, \"a\": 2}", Unreadable::KeyTwice),
            ("{\"a\": 1, \"\\u0061\": 2}", Unreadable::KeyTwice),
            (deep.as_str(), Unreadable::TooDeep),
            (nested.as_str(), Unreadable::TooDeep),
            (many.as_str(), Unreadable::TooManyMembers),
        ] {
            let shown: String = text.chars().take(40).collect();
            assert_eq!(Object::parse(text.as_bytes()), Err(expected), "{shown}");
        }
        assert_eq!(Object::parse(b"{\"a\": \"\xff\"}"), Err(Unreadable::NotJson));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Object::parse(&bytes);
        }

        #[test]
        fn no_json_like_text_panics(text in r#"[\{\}\[\]",:\\u0-9a-e \.\-]{0,80}"#) {
            let _ = Object::parse(text.as_bytes());
        }
    }
}
