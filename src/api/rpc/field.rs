//! The kinds of parameters: what each may hold, checked as it is read, and described for the document.
//!
//! It never knows a method. Invariant: a value of one of these types keeps to its rule.

use crate::service::account::{NAME_CHARS_MAX, PASSWORD_CHARS_MAX, USERNAME_CHARS_MAX};
use crate::service::text::{is_line, is_notes, is_phone};
use crate::service::time::is_day;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

/// More than any list gives at once.
pub const LIMIT_MAX: u32 = 500;
/// More than a visit costs, in fen.
const FEE_MAX_FEN: i64 = 100_000_000;
const LIMIT_DEFAULT: u32 = 100;

/// Text of one line, not blank, of at most `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<const MAX: usize>(String);

/// Text that may have several lines, not blank, of at most `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notes<const MAX: usize>(String);

/// What a client sends as password, often a hash already. It is never shown.
#[derive(Clone)]
pub struct Password(zeroize::Zeroizing<String>);

/// A day of the calendar, `YYYY-MM-DD`, of the years 0001 to 9999.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Date(String);

/// A telephone number: up to 20 digits, with or without a `+` before them. It becomes a username, which whoever
/// registers could otherwise take from the staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneNumber(String);

/// The id of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id(pub i64);

/// What a visit costs, in fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fee(pub i64);

/// How many items of a list to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(pub u32);

pub type Reason = Line<500>;
pub type RequestId = Line<64>;
pub type Username = Line<USERNAME_CHARS_MAX>;
pub type Name = Line<NAME_CHARS_MAX>;

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(…)")
    }
}

impl Default for Limit {
    fn default() -> Limit {
        Limit(LIMIT_DEFAULT)
    }
}

fn text<'de, D: Deserializer<'de>>(
    deserializer: D,
    max_chars: usize,
    has_lines: bool,
) -> Result<String, D::Error> {
    let text = Cow::<'de, str>::deserialize(deserializer)?;
    let is_right = if has_lines { is_notes } else { is_line };
    if is_right(&text, max_chars) {
        return Ok(text.into_owned());
    }
    Err(D::Error::custom(format!("must be text of 1 to {max_chars} characters without control characters")))
}

fn text_schema(max_chars: usize, description: &str) -> Schema {
    json_schema!({"type": "string", "minLength": 1, "maxLength": max_chars, "description": description})
}

macro_rules! texts {
    ($($type:ident, $has_lines:literal, $description:literal;)*) => {$(
        impl<'de, const MAX: usize> Deserialize<'de> for $type<MAX> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                text(deserializer, MAX, $has_lines).map($type)
            }
        }

        impl<const MAX: usize> JsonSchema for $type<MAX> {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                format!(concat!(stringify!($type), "{}"), MAX).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                text_schema(MAX, $description)
            }
        }

        impl<const MAX: usize> Deref for $type<MAX> {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }
    )*};
}

texts! {
    Line, false, "One line of text, without control characters.";
    Notes, true, "Text that may have several lines.";
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer, PASSWORD_CHARS_MAX, false).map(|text| Password(text.into()))
    }
}

impl Deref for Password {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        if is_day(&text) {
            return Ok(Date(text.into_owned()));
        }
        Err(D::Error::custom("must be a day of the calendar, YYYY-MM-DD"))
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        if is_phone(&text) {
            return Ok(PhoneNumber(text.into_owned()));
        }
        Err(D::Error::custom("must be a telephone number of up to 20 digits, with or without + before them"))
    }
}

impl Deref for PhoneNumber {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Deref for Date {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Reads one of a few words, and says of whatever else comes which they are.
pub struct OneOf<T, const N: usize>(pub [(&'static str, T); N]);

impl<T, const N: usize> Visitor<'_> for OneOf<T, N> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(|(word, _)| format!("`{word}`")).collect();
        write!(formatter, "one of {}", words.join(", "))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        let wrong = E::invalid_value(Unexpected::Str(text), &self);
        self.0.into_iter().find(|(word, _)| *word == text).map(|(_, value)| value).ok_or(wrong)
    }
}

/// A parameter that is one of a few words, each for one of an enum of the service, which has the same word for it
/// where it tells of it. Those alone are taken that are listed.
macro_rules! choice {
    ($(#[$about:meta])* pub enum $name:ident of $of:ty {
        $($(#[$each:meta])* $variant:ident),* $(,)?
    }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$each])* $variant),* }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let words = [$((<$of>::$variant.word(), $name::$variant)),*];
                deserializer.deserialize_str($crate::api::rpc::field::OneOf(words))
            }
        }

        impl From<$name> for $of {
            fn from(choice: $name) -> $of {
                match choice { $($name::$variant => <$of>::$variant),* }
            }
        }
    };
}

pub(super) use choice;

/// Reads a whole number within bounds.
struct Whole {
    min: i64,
    max: i64,
    expected: &'static str,
}

impl Visitor<'_> for Whole {
    type Value = i64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.expected)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<i64, E> {
        if (self.min..=self.max).contains(&number) {
            return Ok(number);
        }
        Err(E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<i64, E> {
        i64::try_from(number)
            .map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
            .and_then(|number| self.visit_i64(number))
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "an id, which is a whole number from 1 on";
        deserializer.deserialize_i64(Whole { min: 1, max: i64::MAX, expected }).map(Id)
    }
}

impl<'de> Deserialize<'de> for Fee {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a whole number from 0 to 100000000";
        deserializer.deserialize_i64(Whole { min: 0, max: FEE_MAX_FEN, expected }).map(Fee)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a whole number from 1 to 500";
        let number = deserializer.deserialize_i64(Whole { min: 1, max: LIMIT_MAX.into(), expected })?;
        Ok(Limit(u32::try_from(number).unwrap_or(LIMIT_MAX)))
    }
}

macro_rules! schemas {
    ($($type:ident = $schema:tt;)*) => {$(
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

schemas! {
    Password = {"type": "string", "minLength": 1, "maxLength": 256,
        "description": "What proves who one is, as the client sends it."};
    Date = {"type": "string", "format": "date", "description": "A day, YYYY-MM-DD."};
    PhoneNumber = {"type": "string", "pattern": "^\\+?[0-9]{1,20}$",
        "description": "A telephone number of up to 20 digits, with or without + before them."};
    Id = {"type": "integer", "minimum": 1};
    Fee = {"type": "integer", "minimum": 0, "maximum": 100000000, "description": "In fen."};
    Limit = {"type": "integer", "minimum": 1, "maximum": 500, "default": 100,
        "description": "How many items to give at the most."};
}
