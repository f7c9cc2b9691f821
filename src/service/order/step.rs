//! Steps of an order: it is asked for, accepted, begun, completed or cancelled.
//!
//! It never knows what came out. Invariants: an order is asked for in a visit that goes on; the old schema's row
//! says where one was cancelled.

use super::{Kind, Order, Outcome, Priority, Refusal, State, known, refuse};
use crate::service::encounter;
use crate::service::time::Now;
use crate::store::statements::service_order;
use crate::store::{Error, Transaction, params};

/// An order to be.
#[derive(Debug, Clone, Copy)]
pub struct NewOrder<'a> {
    pub encounter_id: i64,
    pub kind: Kind,
    pub content: &'a str,
    pub priority: Priority,
}

/// Asks for something. Returns the order's id.
pub fn request(transaction: &Transaction<'_>, new: &NewOrder<'_>, now: &Now) -> Outcome<i64> {
    let visit = encounter::writable(transaction, new.encounter_id)
        .map_err(|failure| failure.map(Refusal::Encounter))?;
    let content = format!("{}, {}: {}", new.kind.word(), new.priority.word(), new.content);
    let old_id = transaction
        .insert(&service_order::ADD_OLD, params![visit.record_id, visit.doctor_id, content, now.utc])?;
    let order_id = transaction.insert(
        &service_order::INSERT,
        params![
            new.encounter_id,
            visit.patient_id,
            visit.doctor_id,
            new.kind.word(),
            new.content,
            new.priority.word(),
            old_id,
            now.unix_ms
        ],
    )?;
    Ok(order_id)
}

/// An order that may go there.
fn going(transaction: &Transaction<'_>, order_id: i64, to: State) -> Outcome<Order> {
    let found = known(transaction, order_id)?;
    if !found.state.next().contains(&to) {
        return refuse(Refusal::BadTransition { from: found.state, to });
    }
    Ok(found)
}

/// Someone will do it.
pub fn accept(transaction: &Transaction<'_>, order_id: i64, by: i64, now: &Now) -> Outcome<()> {
    going(transaction, order_id, State::Accepted)?;
    transaction.execute(&service_order::ACCEPT, params![order_id, by, now.unix_ms])?;
    Ok(())
}

/// It is being done.
pub fn start(transaction: &Transaction<'_>, order_id: i64, now: &Now) -> Outcome<()> {
    going(transaction, order_id, State::InProgress)?;
    transaction.execute(&service_order::START, params![order_id, now.unix_ms])?;
    Ok(())
}

/// It is done.
pub fn complete(transaction: &Transaction<'_>, order_id: i64, now: &Now) -> Outcome<()> {
    end(transaction, order_id, State::Completed, None, now)
}

/// Another doctor answers for what is open in a visit, and is told of what is critical. Returns whether there is
/// anything critical.
pub(in crate::service) fn hand_over(
    transaction: &Transaction<'_>,
    encounter_id: i64,
    doctor_id: i64,
) -> Result<bool, Error> {
    transaction.execute(&service_order::HAND_OVER, params![encounter_id, doctor_id])?;
    let told = transaction.execute(&service_order::HAND_OVER_CRITICAL, params![encounter_id, doctor_id])?;
    Ok(told > 0)
}

/// It is not done any more.
pub fn cancel(transaction: &Transaction<'_>, order_id: i64, reason: &str, now: &Now) -> Outcome<()> {
    end(transaction, order_id, State::Cancelled, Some(reason), now)
}

fn end(
    transaction: &Transaction<'_>,
    order_id: i64,
    to: State,
    reason: Option<&str>,
    now: &Now,
) -> Outcome<()> {
    let found = going(transaction, order_id, to)?;
    transaction.execute(&service_order::END, params![order_id, to.word(), reason, now.unix_ms])?;
    if let (Some(old_id), Some(reason)) = (found.old_order_id, reason) {
        let said = format!("\n{}: {reason}", to.word());
        transaction.execute(&service_order::APPEND_OLD, params![old_id, said])?;
    }
    Ok(())
}
