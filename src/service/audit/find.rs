//! Looking for entries of the trail.
//!
//! It never looks at whether they are right; `verify` does. Invariant: one search looks at `SCANNED_MAX` entries
//! at the most, since the trail has no index that each entry would have to pay for.

use super::Head;
use super::verify::Record;
use crate::store::statements::audit;
use crate::store::{Error, Transaction, params};

/// Entries that one search looks at.
const SCANNED_MAX: i64 = 5_000;

/// Which entries are wanted.
#[derive(Debug, Default, Clone, Copy)]
pub struct Filter<'a> {
    pub actor_id: Option<i64>,
    pub patient_id: Option<i64>,
    /// RFC 3339 in UTC, or the beginning of one.
    pub since: Option<&'a str>,
}

/// Hands entries behind sequence `after` to `sink`, at most `limit` of them. Returns after which one to go on,
/// or `None` at the end of the trail.
pub fn find(
    transaction: &Transaction<'_>,
    filter: &Filter<'_>,
    after: i64,
    limit: i64,
    mut sink: impl FnMut(&Record<'_>),
) -> Result<Option<i64>, Error> {
    let end = Head::read(transaction)?.sequence;
    let after = match filter.since {
        Some(since) if after == 0 => before(transaction, since, end)?,
        _ => after,
    };
    let scanned = after.saturating_add(SCANNED_MAX).min(end);
    let (mut found, mut last) = (0, scanned);
    transaction.each(
        &audit::FIND,
        params![after, scanned, filter.actor_id, filter.patient_id, filter.since, limit],
        |row| {
            let record = Record::from_row(row)?;
            found += 1;
            if found == limit {
                last = record.sequence;
            }
            sink(&record);
            Ok::<_, Error>(())
        },
    )?;
    Ok((last < end).then_some(last))
}

/// The last entry before a moment, by halves: entries stand in the order of their times, but for those around
/// a clock that was set back.
fn before(transaction: &Transaction<'_>, since: &str, end: i64) -> Result<i64, Error> {
    let (mut low, mut high) = (0, end);
    while low < high {
        let middle = low + (high - low + 1) / 2;
        let is_before = transaction
            .first(&audit::PAGE, params![middle, 1], |row| Ok::<_, Error>(row.text(1)? < since))?;
        if is_before == Some(true) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Ok(low)
}
