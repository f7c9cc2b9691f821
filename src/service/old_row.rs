//! Rows of the old schema that old clients have inserted, as lists of ours show them behind their own.
//!
//! It never knows which noun they are of. Invariant: a list has all of ours first, then all of theirs, each from
//! the latest one, so that one number says where a page ends.

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

impl<T> Listed<T> {
    /// The cursor of a page whose last one it is, as `Place::after` reads it.
    pub fn cursor(&self, id: impl Fn(&T) -> i64) -> i64 {
        match self {
            Listed::Ours(ours) => id(ours),
            Listed::Old(row) => -row.old_id,
        }
    }
}

/// Where such a list goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Ours with smaller ids are to come; none where all have been.
    pub ours_below: Option<i64>,
    pub old_below: i64,
}

/// A page of such a list, of at most `limit`. Both closures are told below which id to go on, and how many to read.
pub(super) fn list<T, O>(
    place: Place,
    limit: i64,
    ours: impl FnOnce(i64, i64) -> Result<Vec<T>, Error>,
    old: impl FnOnce(i64, i64) -> Result<Vec<O>, Error>,
) -> Result<Vec<Listed<T, O>>, Error> {
    let ours = place.ours_below.map_or_else(|| Ok(Vec::new()), |below| ours(below, limit))?;
    let mut listed: Vec<Listed<T, O>> = ours.into_iter().map(Listed::Ours).collect();
    let left = limit - i64::try_from(listed.len()).unwrap_or(limit);
    if left > 0 {
        listed.extend(old(place.old_below, left)?.into_iter().map(Listed::Old));
    }
    Ok(listed)
}

impl Place {
    /// A cursor above 0 is the last one of ours on the page before, one below 0 the last one of theirs.
    pub fn after(cursor: Option<i64>) -> Place {
        match cursor {
            None => Place { ours_below: Some(i64::MAX), old_below: i64::MAX },
            Some(cursor) if cursor < 0 => Place { ours_below: None, old_below: cursor.saturating_neg() },
            Some(cursor) => Place { ours_below: Some(cursor), old_below: i64::MAX },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_says_where_a_page_ends() {
        assert_eq!(Place::after(Some(7)), Place { ours_below: Some(7), old_below: i64::MAX });
        assert_eq!(Place::after(Some(-7)), Place { ours_below: None, old_below: 7 });
        assert_eq!(Place::after(Some(i64::MIN)), Place { ours_below: None, old_below: i64::MAX });
        assert_eq!(Place::after(None).ours_below, Some(i64::MAX));
    }
}
