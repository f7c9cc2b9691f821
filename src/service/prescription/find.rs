//! Prescriptions as they are read, those of old clients among them.
//!
//! It never changes one. Invariant: a list has our sheets first and then what old clients have inserted, each
//! from the latest one.

use super::{Line, Sheet};
use crate::service::old_row::{OldRow, Place};
use crate::store::statements::prescription;
use crate::store::{Error, Transaction, params};

pub fn by_id(transaction: &Transaction<'_>, sheet_id: i64) -> Result<Option<Sheet>, Error> {
    transaction.first(&prescription::BY_ID, params![sheet_id], Sheet::from_row)
}

/// A sheet's lines, in the order in which they were written.
pub fn lines(transaction: &Transaction<'_>, sheet_id: i64) -> Result<Vec<Line>, Error> {
    transaction.all(&prescription::LINES, params![sheet_id], Line::from_row)
}

/// Which prescriptions to list.
#[derive(Debug, Clone, Copy)]
pub enum Filter {
    OfPatient(i64),
    OfEncounter(i64),
}

/// One of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    Sheet { sheet: Sheet, lines: Vec<Line> },
    Old(OldRow),
}

impl Listed {
    /// Where a page ends whose last one it is.
    pub fn cursor(&self) -> i64 {
        match self {
            Listed::Sheet { sheet, .. } => sheet.sheet_id,
            Listed::Old(row) => -row.old_id,
        }
    }
}

/// Prescriptions from the latest on, at most `limit`, behind a page's cursor. What has never been active is
/// among them only where `with_drafts`.
pub fn list(
    transaction: &Transaction<'_>,
    filter: Filter,
    with_drafts: bool,
    cursor: Option<i64>,
    limit: i64,
) -> Result<Vec<Listed>, Error> {
    let place = Place::after(cursor);
    let (id, ours, old) = match filter {
        Filter::OfPatient(id) => (id, &prescription::OF_PATIENT, &prescription::OLD_OF_PATIENT),
        Filter::OfEncounter(id) => (id, &prescription::OF_ENCOUNTER, &prescription::OLD_OF_ENCOUNTER),
    };
    let mut sheets = Vec::new();
    if let Some(below) = place.ours_below {
        transaction.each(ours, params![id, below, with_drafts, limit], |row| {
            sheets.push(Sheet::from_row(row)?);
            Ok::<_, Error>(())
        })?;
    }
    let mut listed = with_lines(transaction, filter, sheets)?;
    let left = limit - i64::try_from(listed.len()).unwrap_or(limit);
    if left > 0 {
        transaction.each(old, params![id, place.old_below, left], |row| {
            listed.push(Listed::Old(OldRow::from_row(row)?));
            Ok::<_, Error>(())
        })?;
    }
    Ok(listed)
}

/// Reads the lines of a page's sheets at once.
fn with_lines(
    transaction: &Transaction<'_>,
    filter: Filter,
    sheets: Vec<Sheet>,
) -> Result<Vec<Listed>, Error> {
    let (Some(latest), Some(earliest)) = (sheets.first(), sheets.last()) else { return Ok(Vec::new()) };
    let (id, statement) = match filter {
        Filter::OfPatient(id) => (id, &prescription::LINES_OF_PATIENT),
        Filter::OfEncounter(id) => (id, &prescription::LINES_OF_ENCOUNTER),
    };
    let lines =
        transaction.all(statement, params![id, earliest.sheet_id, latest.sheet_id], Line::from_row)?;
    // Both stand in the same order; lines of drafts that are not listed are passed over.
    let mut lines = lines.into_iter().peekable();
    let mut listed = Vec::new();
    for sheet in sheets {
        let mut own = Vec::new();
        while let Some(line) = lines.next_if(|line| line.sheet_id >= sheet.sheet_id) {
            if line.sheet_id == sheet.sheet_id {
                own.push(line);
            }
        }
        listed.push(Listed::Sheet { sheet, lines: own });
    }
    Ok(listed)
}
