//! How much the old dialect is used: what was counted, day by day and operation by operation.
//!
//! It never knows who uses it. Invariant: a day's counts only grow.

use crate::store::statements::legacy_request;
use crate::store::{Error, Row, Transaction, params};

/// Adds to what was counted of an operation on a day. The moment is in milliseconds since 1970.
pub fn add(
    transaction: &Transaction<'_>,
    day: &str,
    operation: &str,
    requests: i64,
    last_at: i64,
) -> Result<(), Error> {
    transaction.execute(&legacy_request::ADD, params![day, operation, requests, last_at])?;
    Ok(())
}

/// How often an operation came.
pub struct Count<'a> {
    pub operation: &'a str,
    pub today: i64,
    /// Since the day that was asked for, today included.
    pub since: i64,
    /// In milliseconds since 1970.
    pub last_at: i64,
}

impl<'a> Count<'a> {
    fn from_row(row: &Row<'a>) -> Result<Count<'a>, Error> {
        Ok(Count {
            operation: row.text(0)?,
            today: row.integer(1)?,
            since: row.integer(2)?,
            last_at: row.integer(3)?,
        })
    }
}

/// Hands the counts from the day `since` on to `sink`, in the order of the operations' names. Days are
/// `YYYY-MM-DD`.
pub fn recent(
    transaction: &Transaction<'_>,
    since: &str,
    today: &str,
    mut sink: impl FnMut(&Count<'_>),
) -> Result<(), Error> {
    transaction.each(&legacy_request::RECENT, params![since, today], |row| {
        sink(&Count::from_row(row)?);
        Ok(())
    })
}
