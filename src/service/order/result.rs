//! What came out of an order, and telling the doctor what is critical.
//!
//! It never knows how somebody is told. Invariants: what a result says is never changed; one that is critical has
//! a time at which it is told again for as long as nobody has acknowledged it, or said that it is wrong.

use super::{OrderRules, Outcome, Refusal, State, find, known, refuse};
use crate::service::changes::Changes;
use crate::service::encounter;
use crate::service::time::Now;
use crate::service::words::words;
use crate::store::statements::service_order;
use crate::store::{Error, Row, Transaction, params};

/// Results of one order, those that are withdrawn among them.
pub const RESULTS_MAX: i64 = 500;

words! {
    /// What a result means.
    pub enum Flag, "a result has a flag" {
        Normal = "normal",
        Low = "low",
        High = "high",
        Critical = "critical",
    }
}

/// A result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderResult {
    pub result_id: i64,
    pub order_id: i64,
    pub patient_id: i64,
    /// Who answers for it: the doctor of the visit.
    pub doctor_id: i64,
    pub name: String,
    pub value: String,
    pub unit: Option<String>,
    pub reference_range: Option<String>,
    pub flag: Flag,
    pub reported_by: i64,
    pub reported_ms: i64,
    pub acknowledged_ms: Option<i64>,
    pub acknowledged_by: Option<i64>,
    /// When, and why, somebody said that it is wrong.
    pub withdrawn_ms: Option<i64>,
    pub withdrawn_reason: Option<String>,
    pub withdrawn_by: Option<i64>,
}

impl OrderResult {
    pub(super) fn from_row(row: &Row<'_>) -> Result<OrderResult, Error> {
        Ok(OrderResult {
            result_id: row.integer(0)?,
            order_id: row.integer(1)?,
            patient_id: row.integer(2)?,
            doctor_id: row.integer(3)?,
            name: row.string(4)?,
            value: row.string(5)?,
            unit: row.optional_string(6)?,
            reference_range: row.optional_string(7)?,
            flag: Flag::parse(row.text(8)?)?,
            reported_by: row.integer(9)?,
            reported_ms: row.integer(10)?,
            acknowledged_ms: row.optional_integer(11)?,
            withdrawn_ms: row.optional_integer(12)?,
            withdrawn_reason: row.optional_string(13)?,
            acknowledged_by: row.optional_integer(14)?,
            withdrawn_by: row.optional_integer(15)?,
        })
    }
}

/// A result to be.
#[derive(Debug, Clone, Copy)]
pub struct NewResult<'a> {
    pub name: &'a str,
    pub value: &'a str,
    pub unit: Option<&'a str>,
    pub reference_range: Option<&'a str>,
    pub flag: Flag,
}

/// Adds results to an order that is being done or has been. The visit's doctor is told of those that are critical,
/// who may be another one by now than the one who ordered it.
pub fn add_results(
    transaction: &Transaction<'_>,
    order_id: i64,
    results: &[NewResult<'_>],
    rules: &OrderRules,
    by: i64,
    changes: &mut Changes,
    now: &Now,
) -> Outcome<()> {
    let order = known(transaction, order_id)?;
    if !matches!(order.state, State::InProgress | State::Completed) {
        return refuse(Refusal::NoResultsIn { state: order.state });
    }
    let had = transaction.first(&service_order::COUNT_RESULTS, params![order_id], |row| row.integer(0))?;
    if had.unwrap_or(0) + results.len() as i64 > RESULTS_MAX {
        return refuse(Refusal::FullOfResults);
    }
    let visit = encounter::by_id(transaction, order.encounter_id)?;
    let doctor_id = visit.map_or(order.doctor_id, |visit| visit.doctor_id);
    for result in results {
        let is_critical = result.flag == Flag::Critical;
        transaction.execute(
            &service_order::ADD_RESULT,
            params![
                order_id,
                order.patient_id,
                doctor_id,
                result.name,
                result.value,
                result.unit,
                result.reference_range,
                result.flag.word(),
                by,
                now.unix_ms,
                is_critical.then_some(now.unix_ms + rules.critical_repeat_ms)
            ],
        )?;
        if is_critical {
            changes.critical.insert(doctor_id);
        }
    }
    Ok(())
}

/// A result that nobody has withdrawn; `to` is what is to be done to it.
fn standing(transaction: &Transaction<'_>, result_id: i64, to: &'static str) -> Outcome<OrderResult> {
    match find::result_by_id(transaction, result_id)? {
        None => refuse(Refusal::UnknownResult),
        Some(found) if found.withdrawn_ms.is_some() => refuse(Refusal::Withdrawn { to }),
        Some(found) => Ok(found),
    }
}

/// Says that a result is wrong, such as one of another patient. It stays readable for the staff, and is told to
/// nobody any longer.
pub fn withdraw(
    transaction: &Transaction<'_>,
    result_id: i64,
    reason: &str,
    by: i64,
    changes: &mut Changes,
    now: &Now,
) -> Outcome<OrderResult> {
    let found = standing(transaction, result_id, "withdrawn")?;
    transaction.execute(&service_order::WITHDRAW_RESULT, params![result_id, by, now.unix_ms, reason])?;
    if found.flag == Flag::Critical {
        changes.critical.insert(found.doctor_id);
    }
    let (withdrawn_ms, withdrawn_by) = (Some(now.unix_ms), Some(by));
    Ok(OrderResult { withdrawn_ms, withdrawn_by, withdrawn_reason: Some(reason.to_owned()), ..found })
}

/// The doctor knows of a critical result. To say so twice changes nothing.
pub fn acknowledge(
    transaction: &Transaction<'_>,
    result_id: i64,
    by: i64,
    changes: &mut Changes,
    now: &Now,
) -> Outcome<OrderResult> {
    let found = standing(transaction, result_id, "acknowledged")?;
    if found.flag != Flag::Critical {
        return refuse(Refusal::NotCritical);
    }
    if found.acknowledged_ms.is_some() {
        return Ok(found);
    }
    transaction.execute(&service_order::ACKNOWLEDGE, params![result_id, by, now.unix_ms])?;
    changes.critical.insert(found.doctor_id);
    Ok(OrderResult { acknowledged_ms: Some(now.unix_ms), acknowledged_by: Some(by), ..found })
}

/// When the next critical result is told again, in milliseconds since 1970.
pub fn next_repeat(transaction: &Transaction<'_>) -> Result<Option<i64>, Error> {
    let found = transaction.first(&service_order::NEXT_REPEAT, params![], |row| row.optional_integer(0))?;
    Ok(found.flatten())
}

/// Tells critical results again, at most `limit` of them. Returns whether there may be more.
pub fn repeat(
    transaction: &Transaction<'_>,
    rules: &OrderRules,
    limit: i64,
    changes: &mut Changes,
    now: &Now,
) -> Result<bool, Error> {
    let due = transaction.all(&service_order::TO_REPEAT, params![now.unix_ms, limit], |row| {
        Ok((row.integer(0)?, row.integer(1)?))
    })?;
    for (result_id, doctor_id) in &due {
        let next = now.unix_ms + rules.critical_repeat_ms;
        transaction.execute(&service_order::REPEAT, params![result_id, next])?;
        changes.critical.insert(*doctor_id);
    }
    Ok(i64::try_from(due.len()).is_ok_and(|done| done >= limit))
}
