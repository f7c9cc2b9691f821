//! What is counted of wards and beds.
//!
//! It never knows who lies in a bed. Invariants: what is to come is not counted; a bed is counted in the ward that
//! it is in now, for how it was before is not kept.

use super::distribution::TENTH_OF_DAY_MS;
use super::{Found, OfWard, Part, Tables};
use crate::store::statements::report;
use crate::store::{Error, Row, params};

/// The row of a ward and day. Id, number and name of the ward begin at a column.
fn ward<'a>(
    tables: &'a mut Tables,
    part: &Part<'_, '_>,
    row: &Row<'_>,
    column: usize,
) -> Result<&'a mut OfWard, Error> {
    let ward = tables.beds.entry((part.day.clone(), row.integer(column)?)).or_default();
    if ward.number.is_empty() {
        row.text(column + 1)?.clone_into(&mut ward.number);
        row.text(column + 2)?.clone_into(&mut ward.name);
    }
    Ok(ward)
}

pub(super) fn read_beds(part: &Part<'_, '_>, tables: &mut Tables) -> Result<Found, Error> {
    let mut found = Found::default();
    let now_ms = part.now.unix_ms;
    let (begin_ms, end_ms) = part.bounds_ms()?;
    if begin_ms >= now_ms {
        return Ok(found);
    }
    let end_ms = end_ms.min(now_ms);
    let parameters = params![part.after, begin_ms, end_ms, now_ms, part.limit];
    part.transaction.each(&report::BEDS, parameters, |row| {
        found.row(row.integer(0)?);
        let (is_closed, occupied_ms) = (row.value(4)?.is_true(), row.integer(5)?);
        if is_closed && occupied_ms == 0 {
            return Ok(());
        }
        let figures = &mut ward(tables, part, row, 1)?.figures;
        figures.beds += 1;
        figures.bed_ms += end_ms - begin_ms;
        figures.occupied_ms += occupied_ms;
        Ok::<_, Error>(())
    })?;
    Ok(found)
}

/// A day's discharges are fewer than its beds, and are read at once.
pub(super) fn read_discharges(part: &Part<'_, '_>, tables: &mut Tables) -> Result<Found, Error> {
    let mut rows = 0;
    let (begin_ms, end_ms) = part.bounds_ms()?;
    part.transaction.each(&report::DISCHARGES, params![begin_ms, end_ms], |row| {
        rows += 1;
        let figures = &mut ward(tables, part, row, 0)?.figures;
        figures.discharged += 1;
        figures.stay.count(row.integer(3)?, TENTH_OF_DAY_MS);
        Ok::<_, Error>(())
    })?;
    Ok(Found { rows, last: None })
}
