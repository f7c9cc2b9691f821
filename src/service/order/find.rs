//! Orders and results as they are read, orders of old clients among them.
//!
//! It never changes one. Invariant: a list is in one order, so that a page begins where the one before has
//! ended: a patient's from the latest one, what is to be done by priority and age.

use super::{Kind, Order, OrderResult, State};
use crate::service::old_row::{self, Filter, Listed, OldRow, Place};
use crate::store::statements::service_order;
use crate::store::{Error, Row, Transaction, params};

pub fn by_id(transaction: &Transaction<'_>, order_id: i64) -> Result<Option<Order>, Error> {
    transaction.first(&service_order::BY_ID, params![order_id], Order::from_row)
}

pub fn result_by_id(transaction: &Transaction<'_>, result_id: i64) -> Result<Option<OrderResult>, Error> {
    transaction.first(&service_order::RESULT_BY_ID, params![result_id], OrderResult::from_row)
}

/// An order's results, in the order in which they came.
pub fn results(transaction: &Transaction<'_>, order_id: i64) -> Result<Vec<OrderResult>, Error> {
    transaction.all(&service_order::RESULTS, params![order_id], OrderResult::from_row)
}

/// Orders from the latest on, at most `limit`.
pub fn list(
    transaction: &Transaction<'_>,
    filter: Filter,
    place: Place,
    limit: i64,
) -> Result<Vec<Listed<Order>>, Error> {
    let (id, ours, old) = match filter {
        Filter::OfPatient(id) => (id, &service_order::OF_PATIENT, &service_order::OLD_OF_PATIENT),
        Filter::OfEncounter(id) => (id, &service_order::OF_ENCOUNTER, &service_order::OLD_OF_ENCOUNTER),
    };
    old_row::list(
        place,
        limit,
        |below, limit| transaction.all(ours, params![id, below, limit], Order::from_row),
        |below, limit| transaction.all(old, params![id, below, limit], OldRow::from_row),
    )
}

/// What is to be done, of a kind.
#[derive(Debug, Clone, Copy)]
pub struct Worklist {
    pub kind: Kind,
    pub state: Option<State>,
    /// Only what this doctor has ordered.
    pub doctor_id: Option<i64>,
}

/// Hands what is to be done to `sink`, the most urgent and then the oldest first. `after` is the last order of
/// the page before.
pub fn worklist(
    transaction: &Transaction<'_>,
    of: Worklist,
    after: Option<i64>,
    limit: i64,
    mut sink: impl FnMut(Order),
) -> Result<(), Error> {
    let (mut rank, mut after_id) = (-1, 0);
    if let Some(order_id) = after {
        let found = transaction.first(&service_order::RANK, params![order_id], |row| row.integer(0))?;
        (rank, after_id) = (found.unwrap_or(-1), order_id);
    }
    let each = |row: &Row<'_>| {
        sink(Order::from_row(row)?);
        Ok(())
    };
    let (kind, state) = (of.kind.word(), of.state.map(State::word));
    match (of.doctor_id, state) {
        (Some(doctor_id), state) => transaction.each(
            &service_order::OPEN_OF_DOCTOR,
            params![kind, rank, after_id, limit, state, doctor_id],
            each,
        ),
        (None, Some(state)) => {
            transaction.each(&service_order::OPEN_IN_STATE, params![kind, rank, after_id, limit, state], each)
        }
        (None, None) => transaction.each(&service_order::OPEN, params![kind, rank, after_id, limit], each),
    }
}

/// A doctor's latest critical results that nobody has acknowledged, the latest first.
pub fn latest_critical(
    transaction: &Transaction<'_>,
    doctor_id: i64,
    limit: i64,
) -> Result<Vec<OrderResult>, Error> {
    transaction.all(&service_order::CRITICAL_LATEST, params![doctor_id, limit], OrderResult::from_row)
}

/// Critical results that nobody has acknowledged, a doctor's or all, the oldest first. `after` is the last one of
/// the page before, 0 for the first page.
pub fn critical(
    transaction: &Transaction<'_>,
    doctor_id: Option<i64>,
    after: i64,
    limit: i64,
) -> Result<Vec<OrderResult>, Error> {
    match doctor_id {
        Some(doctor_id) => {
            transaction.all(&service_order::CRITICAL, params![doctor_id, after, limit], OrderResult::from_row)
        }
        None => {
            transaction.all(&service_order::CRITICAL_OF_ALL, params![after, limit], OrderResult::from_row)
        }
    }
}
