//! Cursors: where the next page of a list begins, as a client keeps it, where that is no id alone.
//!
//! It never knows a list. Invariant: a place is written in one form and read as what it was; every other text is
//! refused, in the same words for all lists.

use super::field::Id;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use std::borrow::Cow;

/// Where a page of a list ends, or the next one begins.
pub trait Place: Sized {
    fn written(&self) -> String;

    /// What is written so, or nearly so; `Cursor` refuses what is not written so.
    fn parsed(text: &str) -> Option<Self>;
}

/// A place that a client has sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor<P>(pub P);

impl<P: Place> Cursor<P> {
    fn read(text: &str) -> Option<Cursor<P>> {
        P::parsed(text).filter(|place| place.written() == text).map(Cursor)
    }
}

impl<'de, P: Place> Deserialize<'de> for Cursor<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Cursor::read(&text).ok_or_else(|| D::Error::custom("must be the next_cursor of the page before"))
    }
}

impl<P> JsonSchema for Cursor<P> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Cursor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "description": "The next_cursor of the page before."})
    }
}

/// A moment, and the id of what happened then.
impl Place for (i64, i64) {
    fn written(&self) -> String {
        format!("{}.{}", self.0, self.1)
    }

    fn parsed(text: &str) -> Option<(i64, i64)> {
        let (moment, id) = text.split_once('.')?;
        Some((moment.parse().ok()?, id.parse().ok()?))
    }
}

/// A row of a list that has rows of two tables, as one number: twice the id in the first table, or in the second
/// and one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfTwo {
    First(i64),
    Second(i64),
}

impl OfTwo {
    pub fn number(self) -> i64 {
        match self {
            OfTwo::First(id) => id.saturating_mul(2),
            OfTwo::Second(id) => id.saturating_mul(2).saturating_add(1),
        }
    }
}

impl From<Id> for OfTwo {
    fn from(Id(number): Id) -> OfTwo {
        if number % 2 == 0 { OfTwo::First(number / 2) } else { OfTwo::Second(number / 2) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fhir;
    use super::*;
    use crate::service::{report, timeline};
    use proptest::prelude::*;
    use std::fmt::Debug;

    /// Whatever is taken for a place is its one form.
    fn check<P: Place + Debug + PartialEq>(text: &str) -> Result<(), TestCaseError> {
        if let Some(Cursor(place)) = Cursor::<P>::read(text) {
            prop_assert_eq!(place.written(), text);
            let json = serde_json::to_string(text).unwrap();
            let read: Cursor<P> = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read.0, place);
        }
        Ok(())
    }

    fn kept<P: Place + Debug + PartialEq>(place: P) -> Result<(), TestCaseError> {
        let read = Cursor::<P>::read(&place.written());
        prop_assert_eq!(read, Some(Cursor(place)));
        Ok(())
    }

    proptest! {
        #[test]
        fn a_place_is_read_as_it_was_written_and_nothing_else_is(
            numbers in any::<[i64; 5]>(),
            at in any::<String>(),
            id in 0..i64::MAX / 2,
            text in "[-+0-9]{1,3}([.,][-+0-9]{1,3}){1,5}|\\PC{0,12}",
            day in "[0-9]{4}-(0[0-9]|1[0-3])-[0-3][0-9][a-e][+-]?[0-9]{1,3}",
        ) {
            let [first, second, third, fourth, fifth] = numbers;
            kept((first, second))?;
            kept(timeline::Position {
                moments: timeline::Place { at: first, id: second, kind: third },
                times: timeline::Place { at, id: fourth, kind: fifth },
            })?;
            kept(fhir::Place { kind: 13, after: id })?;
            for place in [OfTwo::First(id), OfTwo::Second(id)] {
                prop_assert_eq!(OfTwo::from(Id(place.number())), place);
            }
            for text in [&text, &day] {
                check::<(i64, i64)>(text)?;
                check::<timeline::Position>(text)?;
                check::<fhir::Place>(text)?;
                check::<report::Place>(text)?;
            }
        }
    }
}
