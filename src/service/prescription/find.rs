//! Prescriptions as they are read, those of old clients among them.
//!
//! It never changes one. Invariant: a list has our sheets first and then what old clients have inserted, each
//! from the latest one.

use super::{Line, Sheet};
use crate::service::old_row::{self, Filter, Listed, OldRow, Place};
use crate::store::statements::prescription;
use crate::store::{Error, Transaction, params};

pub fn by_id(transaction: &Transaction<'_>, sheet_id: i64) -> Result<Option<Sheet>, Error> {
    transaction.first(&prescription::BY_ID, params![sheet_id], Sheet::from_row)
}

/// A sheet's lines, in the order in which they were written.
pub fn lines(transaction: &Transaction<'_>, sheet_id: i64) -> Result<Vec<Line>, Error> {
    transaction.all(&prescription::LINES, params![sheet_id], Line::from_row)
}

/// A sheet with its lines.
pub type WholeSheet = (Sheet, Vec<Line>);

/// Prescriptions from the latest on, at most `limit`. What has never been active is among them
/// only where `with_drafts`.
pub fn list(
    transaction: &Transaction<'_>,
    filter: Filter,
    with_drafts: bool,
    place: Place,
    limit: i64,
) -> Result<Vec<Listed<WholeSheet>>, Error> {
    let (id, ours, old) = match filter {
        Filter::OfPatient(id) => (id, &prescription::OF_PATIENT, &prescription::OLD_OF_PATIENT),
        Filter::OfEncounter(id) => (id, &prescription::OF_ENCOUNTER, &prescription::OLD_OF_ENCOUNTER),
    };
    let sheets = |below: i64, limit: i64| {
        let of = params![id, below, with_drafts, limit];
        with_lines(transaction, filter, transaction.all(ours, of, Sheet::from_row)?)
    };
    old_row::list(place, limit, sheets, |below, limit| {
        transaction.all(old, params![id, below, limit], OldRow::from_row)
    })
}

/// Reads the lines of a page's sheets at once.
fn with_lines(
    transaction: &Transaction<'_>,
    filter: Filter,
    sheets: Vec<Sheet>,
) -> Result<Vec<WholeSheet>, Error> {
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
        listed.push((sheet, own));
    }
    Ok(listed)
}
