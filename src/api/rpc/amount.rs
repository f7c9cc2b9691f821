//! Amounts and days of treatment as parameters.
//!
//! It never knows of what. Invariant: an amount is read from the digits that the client wrote, never by way of a
//! binary fraction.

use crate::service::decimal::Decimal;
use crate::service::prescription::DAYS_MAX;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A decimal number above 0, as a number of JSON or as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount(pub Decimal);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = <&'de RawValue>::deserialize(deserializer)?.get();
        let digits = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(written);
        let number = Decimal::parse(digits).filter(|number| !number.is_zero());
        let expected = "must be a decimal number above 0 with at most 3 digits behind the point";
        number.map(Amount).ok_or_else(|| D::Error::custom(expected))
    }
}

impl JsonSchema for Amount {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "number"], "exclusiveMinimum": 0, "pattern": "^[0-9]+(\\.[0-9]{1,3})?$",
            "description": "A decimal number, exact, with at most 3 digits behind the point."})
    }
}

/// For how many days something is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days(pub i64);

impl<'de> Deserialize<'de> for Days {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let days = i64::deserialize(deserializer)?;
        if (1..=DAYS_MAX).contains(&days) {
            return Ok(Days(days));
        }
        Err(D::Error::custom(format!("must be a whole number from 1 to {DAYS_MAX}")))
    }
}

impl JsonSchema for Days {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Days".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": 1, "maximum": DAYS_MAX})
    }
}

#[cfg(test)]
mod tests {
    use super::super::params::read;
    use super::super::problem::Problem;
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        dose: Amount,
        #[serde(default)]
        quantity: Option<Amount>,
    }

    fn check(json: &str, expected: Result<(&str, Option<&str>), &str>) {
        let raw = RawValue::from_string(json.to_owned()).unwrap();
        match (read::<Sample>(Some(&raw)), expected) {
            (Ok(sample), Ok((dose, quantity))) => {
                assert_eq!(sample.dose.0.to_string(), dose, "{json}");
                assert_eq!(sample.quantity.map(|amount| amount.0.to_string()).as_deref(), quantity, "{json}");
            }
            (Err(Problem::InvalidParams { field, message }), Err(wrong)) => {
                assert_eq!(field, wrong, "{json}");
                assert!(message.contains("must be a decimal number above 0"), "{json}: {message}");
            }
            (found, _) => panic!("{json}: {found:?}"),
        }
    }

    #[test]
    fn numbers_and_texts_are_read_by_their_digits() {
        check(r#"{"dose": 0.1}"#, Ok(("0.1", None)));
        check(r#"{"dose": "0.1", "quantity": 0.300}"#, Ok(("0.1", Some("0.3"))));
        check(r#"{"dose": 500, "quantity": null}"#, Ok(("500", None)));
        check(r#"{"dose": 123456789012.345}"#, Ok(("123456789012.345", None)));
        for wrong in ["0", "-1", "1e3", "0.10000000000000001", "\"\"", "\"1 g\"", "true", "[1]", "null"] {
            check(&format!(r#"{{"dose": {wrong}}}"#), Err("dose"));
            if wrong != "null" {
                check(&format!(r#"{{"dose": 1, "quantity": {wrong}}}"#), Err("quantity"));
            }
        }
    }

    proptest! {
        #[test]
        fn as_text_and_as_number_it_is_the_same(whole in 0..1_000_000_u32, fraction in 1..1000_u32) {
            let digits = format!("{whole}.{fraction:03}");
            let expected = Decimal::parse(&digits).unwrap().to_string();
            check(&format!(r#"{{"dose": {digits}, "quantity": "{digits}"}}"#), Ok((&expected, Some(&expected))));
        }
    }
}
