//! Rows of the old schema that old clients have inserted, as lists of ours show them behind their own.
//!
//! It never knows which noun they are of. Invariant: a list has all of ours first, then all of theirs, each from
//! the latest one, so that one id of either says where a page ends.

use crate::store::{Error, Row, Value};

/// What an old client has written about a patient's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldRow {
    /// In its own table.
    pub old_id: i64,
    pub patient_id: i64,
    pub doctor_id: i64,
    pub content: String,
    /// As it stands there, mostly `YYYY-MM-DD HH:MM:SS` in UTC.
    pub created_at: Option<String>,
}

impl OldRow {
    pub(super) fn from_row(row: &Row<'_>) -> Result<OldRow, Error> {
        Ok(OldRow {
            old_id: row.integer(0)?,
            patient_id: row.integer(1)?,
            doctor_id: row.integer(2)?,
            content: shown(row.value(3)?).unwrap_or_default(),
            created_at: shown(row.value(4)?),
        })
    }
}

/// The old schema's columns may hold anything, whatever their type says.
fn shown(value: Value<'_>) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Integer(number) => Some(number.to_string()),
        Value::Real(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.to_owned()),
    }
}

/// What to list that has to do with a patient's record.
#[derive(Debug, Clone, Copy)]
pub enum Filter {
    OfPatient(i64),
    OfEncounter(i64),
}

/// One of such a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed<T, O = OldRow> {
    Ours(T),
    Old(O),
}

impl<T, O> Listed<T, O> {
    /// Where the list goes on behind it.
    pub fn place(&self, id: impl Fn(&T) -> i64, old_id: impl Fn(&O) -> i64) -> Place {
        match self {
            Listed::Ours(ours) => Place::Ours { below: id(ours) },
            Listed::Old(old) => Place::Old { below: old_id(old) },
        }
    }
}

/// Where such a list goes on: with ours of smaller ids and then all of theirs, or with theirs of smaller ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Ours { below: i64 },
    Old { below: i64 },
}

impl Place {
    pub const FIRST: Place = Place::Ours { below: i64::MAX };
}

/// A page of such a list, of at most `limit`. Both closures are told below which id to go on, and how many to read.
pub(super) fn list<T, O>(
    place: Place,
    limit: i64,
    ours: impl FnOnce(i64, i64) -> Result<Vec<T>, Error>,
    old: impl FnOnce(i64, i64) -> Result<Vec<O>, Error>,
) -> Result<Vec<Listed<T, O>>, Error> {
    let (ours, old_below) = match place {
        Place::Ours { below } => (ours(below, limit)?, i64::MAX),
        Place::Old { below } => (Vec::new(), below),
    };
    let mut listed: Vec<Listed<T, O>> = ours.into_iter().map(Listed::Ours).collect();
    let left = limit - i64::try_from(listed.len()).unwrap_or(limit);
    if left > 0 {
        listed.extend(old(old_below, left)?.into_iter().map(Listed::Old));
    }
    Ok(listed)
}
