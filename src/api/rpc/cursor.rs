//! Cursors: where the next page of a list begins, as a client keeps it, where that is no id alone.
//!
//! It never knows a list. Invariant: a place is written in one form and read as what it was; every other text is
//! refused, in the same words for all lists.

use crate::service::attendance::Mark;
use crate::service::old_row;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use std::borrow::Cow;

/// Where a page of a list ends, or the next one begins.
pub trait Written: Sized {
    fn written(&self) -> String;

    /// What is written so, or nearly so; `Cursor` refuses what is not written so.
    fn parsed(text: &str) -> Option<Self>;
}

/// A place that a client has sent.
pub struct Cursor<P>(pub P);

impl<'de, P: Written> Deserialize<'de> for Cursor<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let place = P::parsed(&text).filter(|place| place.written() == text);
        place.map(Cursor).ok_or_else(|| D::Error::custom("must be the next_cursor of the page before"))
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
impl Written for (i64, i64) {
    fn written(&self) -> String {
        format!("{}.{}", self.0, self.1)
    }

    fn parsed(text: &str) -> Option<(i64, i64)> {
        let (moment, id) = text.split_once('.')?;
        Some((moment.parse().ok()?, id.parse().ok()?))
    }
}

/// A letter for one of two tables, and an id in it.
fn lettered(text: &str, [first, second]: [&str; 2]) -> Option<(bool, i64)> {
    let (letter, id) = text.split_at_checked(1)?;
    let is_first = letter == first;
    (is_first || letter == second).then_some((is_first, id.parse().ok()?))
}

impl Written for old_row::Place {
    fn written(&self) -> String {
        match self {
            old_row::Place::Ours { below } => format!("n{below}"),
            old_row::Place::Old { below } => format!("o{below}"),
        }
    }

    fn parsed(text: &str) -> Option<old_row::Place> {
        let (is_ours, below) = lettered(text, ["n", "o"])?;
        Some(if is_ours { old_row::Place::Ours { below } } else { old_row::Place::Old { below } })
    }
}

impl Written for Mark {
    fn written(&self) -> String {
        match self {
            Mark::Session(id) => format!("s{id}"),
            Mark::Shift(id) => format!("h{id}"),
        }
    }

    fn parsed(text: &str) -> Option<Mark> {
        let (is_session, id) = lettered(text, ["s", "h"])?;
        Some(if is_session { Mark::Session(id) } else { Mark::Shift(id) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fhir;
    use super::*;
    use crate::service::{report, timeline};
    use proptest::prelude::*;
    use std::fmt::Debug;

    fn sent<P: Written>(text: &str) -> Option<P> {
        let json = serde_json::to_string(text).unwrap();
        serde_json::from_str(&json).ok().map(|Cursor(place)| place)
    }

    fn is_kept<P: Written + Debug + PartialEq>(place: P) -> Result<(), TestCaseError> {
        prop_assert_eq!(sent(&place.written()), Some(place));
        Ok(())
    }

    /// Whatever is taken for a place is its one form.
    fn is_one_form<P: Written>(text: &str) -> Result<(), TestCaseError> {
        prop_assert!(sent(text).is_none_or(|place: P| place.written() == text));
        Ok(())
    }

    proptest! {
        #[test]
        fn a_place_is_read_as_it_was_written_and_nothing_else_is(
            numbers in any::<[i64; 5]>(),
            at in any::<String>(),
            id in 0..i64::MAX / 2,
            text in "[-+0-9]{1,3}([.,][-+0-9]{1,3}){1,5}|[hnos][-+0-9]{1,3}|\\PC{0,12}",
            day in "[0-9]{4}-(0[0-9]|1[0-3])-[0-3][0-9][a-e][+-]?[0-9]{1,3}",
        ) {
            let [first, second, third, fourth, fifth] = numbers;
            is_kept((first, second))?;
            is_kept(timeline::Position {
                moments: timeline::Place { at: first, id: second, kind: third },
                times: timeline::Place { at, id: fourth, kind: fifth },
            })?;
            is_kept(fhir::Place { kind: 13, after: id })?;
            is_kept(old_row::Place::Ours { below: first })?;
            is_kept(old_row::Place::Old { below: first })?;
            is_kept(Mark::Session(first))?;
            is_kept(Mark::Shift(first))?;
            for text in [&text, &day] {
                is_one_form::<(i64, i64)>(text)?;
                is_one_form::<timeline::Position>(text)?;
                is_one_form::<fhir::Place>(text)?;
                is_one_form::<report::Place>(text)?;
                is_one_form::<old_row::Place>(text)?;
                is_one_form::<Mark>(text)?;
            }
        }
    }
}
