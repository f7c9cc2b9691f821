//! Fields of a request: their types, lengths and letters.
//!
//! It never knows which operation they belong to. Invariant: an error names the field and what it should
//! be, never the value.

use super::object::{Field, Object};
use crate::service::text::{is_layout, is_printable};
use crate::store::Value;
use std::borrow::Cow;

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    #[error("参数 {0} 不能为空")]
    Empty(String),
    #[error("参数 {0} 应为文本")]
    NotText(String),
    #[error("参数 {0} 应为整数")]
    NotAnInteger(String),
    #[error("参数 {0} 应为数字")]
    NotANumber(String),
    #[error("参数 {0} 应为布尔值")]
    NotAFlag(String),
    #[error("参数 {0} 的数值超出范围")]
    OutOfRange(String),
    #[error("参数 {name} 超过 {limit_chars} 个字符")]
    TooLong { name: String, limit_chars: usize },
    #[error("参数 {0} 含有控制字符")]
    ControlCharacter(String),
    #[error("参数 {0} 应为真实的时间，格式为 YYYY-MM-DD HH:MM[:SS]")]
    NotAnAppointmentTime(String),
    #[error("参数 {0} 应为真实的日期，格式为 YYYY-MM-DD")]
    NotADate(String),
    #[error("参数 {0} 应为真实的时间")]
    NotAMoment(String),
    #[error("参数 {0} 出现了两次")]
    Twice(String),
}

/// What a text may be.
#[derive(Debug, Clone, Copy)]
pub struct TextRule {
    limit_chars: usize,
    may_be_blank: bool,
    may_have_lines: bool,
}

/// A line of at most `limit_chars` characters that says something.
const fn required(limit_chars: usize) -> TextRule {
    TextRule { limit_chars, may_be_blank: false, may_have_lines: false }
}

/// A line of at most `limit_chars` characters.
const fn line(limit_chars: usize) -> TextRule {
    TextRule { limit_chars, may_be_blank: true, may_have_lines: false }
}

/// The field's lengths, which the columns of the old schema do not bound.
pub const NAME: TextRule = required(64);
pub const PHONE: TextRule = required(32);
pub const EMPLOYEE_ID: TextRule = required(32);
pub const CREDENTIAL: TextRule = required(256);
/// A credential that is compared and not stored.
pub const LOGIN_CREDENTIAL: TextRule = line(256);
pub const BIRTH_DATE: TextRule = line(32);
pub const ID_CARD: TextRule = line(32);
pub const EMAIL: TextRule = line(254);
pub const DEPARTMENT: TextRule = line(64);
pub const PHOTO_PATH: TextRule = line(255);
pub const WORK_SCHEDULE: TextRule = TextRule { limit_chars: 4096, may_be_blank: true, may_have_lines: true };
const SEARCHED: TextRule = line(64);
pub const TIME: TextRule = line(32);
pub const SQL: TextRule = TextRule { limit_chars: 16 * 1024, may_be_blank: true, may_have_lines: true };

/// A text that is there. A number stands for its digits, as it did in the Python server.
pub fn text<'b>(object: &'b Object<'_>, name: &str, rule: TextRule) -> Result<Cow<'b, str>, FieldError> {
    optional_text(object, name, rule)?.ok_or_else(|| FieldError::Empty(name.into()))
}

/// A text that may be missing or null.
pub fn optional_text<'b>(
    object: &'b Object<'_>,
    name: &str,
    rule: TextRule,
) -> Result<Option<Cow<'b, str>>, FieldError> {
    let text: Cow<'b, str> = match object.get(name) {
        None | Some(Field::Null) => return Ok(None),
        Some(Field::Text(text)) => Cow::Borrowed(text.as_ref()),
        Some(Field::Integer(number)) => Cow::Owned(number.to_string()),
        Some(Field::TooLarge) => return Err(FieldError::OutOfRange(name.into())),
        Some(Field::Bool(_) | Field::Real(_) | Field::Nested) => {
            return Err(FieldError::NotText(name.into()));
        }
    };
    if !rule.may_be_blank && text.trim().is_empty() {
        return Err(FieldError::Empty(name.into()));
    }
    if text.len() > rule.limit_chars && text.chars().count() > rule.limit_chars {
        return Err(FieldError::TooLong { name: name.into(), limit_chars: rule.limit_chars });
    }
    let is_allowed = |letter| is_printable(letter) || (rule.may_have_lines && is_layout(letter));
    if !text.chars().all(is_allowed) {
        return Err(FieldError::ControlCharacter(name.into()));
    }
    Ok(Some(text))
}

/// A text to look for; what is not there is not found. The Python server looked for null too, and called it
/// `None` when it had not found it.
pub fn searched<'b>(object: &'b Object<'_>, name: &str) -> Result<Cow<'b, str>, FieldError> {
    Ok(optional_text(object, name, SEARCHED)?.unwrap_or(Cow::Borrowed("None")))
}

/// A truth value that may be missing: a number is true unless it is 0, null is false, and of texts those are
/// taken that can mean only one thing.
pub fn flag(object: &Object<'_>, name: &str) -> Result<bool, FieldError> {
    match object.get(name) {
        None | Some(Field::Null) => Ok(false),
        Some(Field::Bool(value)) => Ok(*value),
        Some(Field::Integer(number)) => Ok(*number != 0),
        Some(Field::Real(number)) => Ok(*number != 0.0),
        Some(Field::Text(text)) => match text.trim() {
            "1" | "true" | "True" => Ok(true),
            "0" | "false" | "False" | "" => Ok(false),
            _ => Err(FieldError::NotAFlag(name.into())),
        },
        Some(_) => Err(FieldError::NotAFlag(name.into())),
    }
}

/// The id of a row, an integer or text whose digits are one, and how it was written. Text that is no integer
/// names no row.
pub fn id<'b>(object: &'b Object<'_>, name: &str) -> Result<(Option<i64>, Cow<'b, str>), FieldError> {
    match object.get(name) {
        Some(Field::Bool(_) | Field::Real(_) | Field::Nested) => Err(FieldError::NotAnInteger(name.into())),
        _ => searched(object, name).map(|shown| (shown.trim_matches(' ').parse().ok(), shown)),
    }
}

/// A whole number, not negative, that may be null.
pub fn count(object: &Object<'_>, name: &str, max: i64) -> Result<Value<'static>, FieldError> {
    let number = match object.get(name) {
        None | Some(Field::Null) => return Ok(Value::Null),
        Some(Field::Integer(number)) => *number,
        #[expect(
            clippy::cast_possible_truncation,
            reason = "only a whole number is taken, and the range is checked"
        )]
        Some(Field::Real(number)) if number.fract() == 0.0 => *number as i64,
        Some(Field::Text(digits)) => {
            digits.trim().parse().map_err(|_| FieldError::NotAnInteger(name.into()))?
        }
        Some(Field::TooLarge) => return Err(FieldError::OutOfRange(name.into())),
        Some(_) => return Err(FieldError::NotAnInteger(name.into())),
    };
    if (0..=max).contains(&number) {
        Ok(Value::Integer(number))
    } else {
        Err(FieldError::OutOfRange(name.into()))
    }
}

/// An amount of money in yuan, not negative, that may be null.
pub fn amount(object: &Object<'_>, name: &str, max: f64) -> Result<Value<'static>, FieldError> {
    let number = match object.get(name) {
        None | Some(Field::Null) => return Ok(Value::Null),
        #[expect(
            clippy::cast_precision_loss,
            reason = "the column is a float, and the range is checked below"
        )]
        Some(Field::Integer(number)) => *number as f64,
        Some(Field::Real(number)) => *number,
        Some(Field::Text(digits)) => {
            digits.trim().parse().map_err(|_| FieldError::NotANumber(name.into()))?
        }
        Some(Field::TooLarge) => return Err(FieldError::OutOfRange(name.into())),
        Some(_) => return Err(FieldError::NotANumber(name.into())),
    };
    if (0.0..=max).contains(&number) {
        Ok(Value::Real(number))
    } else {
        Err(FieldError::OutOfRange(name.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, rule: TextRule, expected: Result<&str, FieldError>) {
        let object = Object::parse(json.as_bytes()).unwrap();
        let got = text(&object, "x", rule);
        assert_eq!(got, expected.map(Cow::from), "{json}");
    }

    #[test]
    fn texts() {
        check(r#"{"x": "王医生"}"#, NAME, Ok("王医生"));
        check(r#"{"x": 13800138000}"#, PHONE, Ok("13800138000"));
        check(r#"{"x": ""}"#, NAME, Err(FieldError::Empty("x".into())));
        check(r#"{"x": "  "}"#, NAME, Err(FieldError::Empty("x".into())));
        check(r#"{"x": ""}"#, SEARCHED, Ok(""));
        check(r#"{"x": null}"#, NAME, Err(FieldError::Empty("x".into())));
        check(r#"{"x": ["a"]}"#, NAME, Err(FieldError::NotText("x".into())));
        check(r#"{"x": true}"#, NAME, Err(FieldError::NotText("x".into())));
        check(r#"{"x": 1.5}"#, NAME, Err(FieldError::NotText("x".into())));
        check(r#"{"x": "a\u0000b"}"#, NAME, Err(FieldError::ControlCharacter("x".into())));
        check(r#"{"x": "a\nb"}"#, NAME, Err(FieldError::ControlCharacter("x".into())));
        check(r#"{"x": "a\u202eb"}"#, NAME, Err(FieldError::ControlCharacter("x".into())));
        check(r#"{"x": "a\nb"}"#, WORK_SCHEDULE, Ok("a\nb"));
        let letters = "王".repeat(64);
        check(&format!(r#"{{"x": "{letters}"}}"#), NAME, Ok(&letters));
        let too_long = FieldError::TooLong { name: "x".into(), limit_chars: 64 };
        check(&format!(r#"{{"x": "{letters}王"}}"#), NAME, Err(too_long));
        let number = "9".repeat(300);
        check(&format!(r#"{{"x": {number}}}"#), PHONE, Err(FieldError::NotText("x".into())));
    }

    #[test]
    fn numbers_and_flags() {
        let object =
            Object::parse(br#"{"a": 1, "b": "40", "c": -1, "d": 1e300, "e": null, "f": true, "g": "yes"}"#)
                .unwrap();
        assert_eq!(count(&object, "a", 10), Ok(Value::Integer(1)));
        assert_eq!(count(&object, "b", 100), Ok(Value::Integer(40)));
        assert_eq!(count(&object, "c", 100), Err(FieldError::OutOfRange("c".into())));
        assert_eq!(count(&object, "e", 100), Ok(Value::Null));
        assert_eq!(count(&object, "f", 100), Err(FieldError::NotAnInteger("f".into())));
        assert_eq!(amount(&object, "a", 10.0), Ok(Value::Real(1.0)));
        assert_eq!(amount(&object, "d", 10.0), Err(FieldError::OutOfRange("d".into())));
        assert_eq!(flag(&object, "f"), Ok(true));
        assert_eq!(flag(&object, "a"), Ok(true));
        assert_eq!(flag(&object, "e"), Ok(false));
        assert_eq!(flag(&object, "g"), Err(FieldError::NotAFlag("g".into())));
        assert_eq!(id(&object, "b"), Ok((Some(40), "40".into())));
        assert_eq!(id(&object, "g"), Ok((None, "yes".into())));
        assert_eq!(id(&object, "e"), Ok((None, "None".into())));
        assert_eq!(id(&object, "f"), Err(FieldError::NotAnInteger("f".into())));
    }
}
