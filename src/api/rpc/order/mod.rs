//! `order.*`: what is to be examined or done, and what came out.
//!
//! It never knows how an order is done. Invariant: a patient sees results of what is completed only.

mod list;
mod result;
mod step;

pub use list::{GetOrder, ListOrders, OrderWorklist};
pub use result::{Acknowledge, AddResult, CriticalResults, WithdrawResult};
pub use step::{AcceptOrder, CancelOrder, CompleteOrder, RequestOrder, StartOrder};

use super::Subject;
use super::field::{Id, Line, choice};
use super::problem::{Code, Problem, Refusal};
use crate::service::order::{self, Flag, Kind, NewResult, Priority, State};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

choice! {
    /// What an order is about.
    pub enum KindWord of Kind {
        Laboratory,
        Imaging,
        Procedure,
        Nursing,
    }
}

choice! {
    /// How soon it is to be done.
    #[derive(Default)]
    pub enum PriorityWord of Priority {
        Stat,
        Urgent,
        #[default]
        Routine,
    }
}

choice! {
    /// Where an order stands that is to be done still.
    pub enum OpenStateWord of State {
        Requested,
        Accepted,
        InProgress,
    }
}

choice! {
    /// What a result means.
    pub enum FlagWord of Flag {
        Normal,
        Low,
        High,
        Critical,
    }
}

/// A result to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResultParams {
    /// What was measured or looked at.
    pub name: Line<128>,
    /// A number as text, or words.
    pub value: Line<500>,
    #[serde(default)]
    pub unit: Option<Line<32>>,
    #[serde(default)]
    pub reference_range: Option<Line<64>>,
    /// The doctor is told of what is critical until they have acknowledged it.
    pub flag: FlagWord,
}

impl ResultParams {
    fn result(&self) -> NewResult<'_> {
        NewResult {
            name: &self.name,
            value: &self.value,
            unit: self.unit.as_deref(),
            reference_range: self.reference_range.as_deref(),
            flag: self.flag.into(),
        }
    }
}

/// A result. Moments are milliseconds since 1970, UTC.
#[derive(Serialize, JsonSchema)]
pub struct OrderResult {
    pub result_id: i64,
    pub order_id: i64,
    pub patient_id: i64,
    /// Who answers for it now: the doctor of the visit.
    pub doctor_id: i64,
    pub name: String,
    pub value: String,
    pub unit: Option<String>,
    pub reference_range: Option<String>,
    /// normal, low, high or critical.
    pub flag: &'static str,
    pub reported_by: i64,
    pub reported_ms: i64,
    /// When the doctor has said that they know of it, where it is critical.
    pub acknowledged_ms: Option<i64>,
    pub acknowledged_by: Option<i64>,
    /// When somebody said that it is wrong, and why.
    pub withdrawn_ms: Option<i64>,
    pub withdrawn_reason: Option<String>,
    pub withdrawn_by: Option<i64>,
}

impl From<order::OrderResult> for OrderResult {
    fn from(found: order::OrderResult) -> OrderResult {
        OrderResult {
            result_id: found.result_id,
            order_id: found.order_id,
            patient_id: found.patient_id,
            doctor_id: found.doctor_id,
            name: found.name,
            value: found.value,
            unit: found.unit,
            reference_range: found.reference_range,
            flag: found.flag.word(),
            reported_by: found.reported_by,
            reported_ms: found.reported_ms,
            acknowledged_ms: found.acknowledged_ms,
            acknowledged_by: found.acknowledged_by,
            withdrawn_ms: found.withdrawn_ms,
            withdrawn_reason: found.withdrawn_reason,
            withdrawn_by: found.withdrawn_by,
        }
    }
}

/// An order without its results. Moments are milliseconds since 1970, UTC.
#[derive(Serialize, JsonSchema)]
pub struct Order {
    pub order_id: i64,
    pub encounter_id: i64,
    pub patient_id: i64,
    /// Who answers for it now; another doctor may have ordered it.
    pub doctor_id: i64,
    /// laboratory, imaging, procedure or nursing.
    pub kind: &'static str,
    pub content: String,
    /// stat, urgent or routine.
    pub priority: &'static str,
    /// requested, accepted, in_progress, completed or cancelled.
    pub state: &'static str,
    /// Why it was cancelled.
    pub reason: Option<String>,
    /// Its row in the table of the old clients.
    pub old_order_id: Option<i64>,
    pub requested_ms: i64,
    pub accepted_ms: Option<i64>,
    pub accepted_by: Option<i64>,
    pub started_ms: Option<i64>,
    /// When it was completed or cancelled.
    pub ended_ms: Option<i64>,
}

impl From<order::Order> for Order {
    fn from(found: order::Order) -> Order {
        Order {
            order_id: found.order_id,
            encounter_id: found.encounter_id,
            patient_id: found.patient_id,
            doctor_id: found.doctor_id,
            kind: found.kind.word(),
            content: found.content,
            priority: found.priority.word(),
            state: found.state.word(),
            reason: found.reason,
            old_order_id: found.old_order_id,
            requested_ms: found.requested_ms,
            accepted_ms: found.accepted_ms,
            accepted_by: found.accepted_by,
            started_ms: found.started_ms,
            ended_ms: found.ended_ms,
        }
    }
}

/// An order as it stands.
fn found(transaction: &Transaction<'_>, order_id: i64) -> Result<order::Order, Problem> {
    order::by_id(transaction, order_id)?.ok_or_else(|| Problem::not_found("order"))
}

/// The result that a call concerns.
fn subject_of_result(transaction: &Transaction<'_>, Id(result_id): Id) -> Result<Subject, Problem> {
    let found = order::result_by_id(transaction, result_id)?.ok_or_else(|| Problem::not_found("result"))?;
    Ok(Subject::Care {
        entity: "result",
        entity_id: result_id,
        patient_id: found.patient_id,
        doctor_id: found.doctor_id,
    })
}

/// The order that a call concerns.
fn subject(transaction: &Transaction<'_>, Id(order_id): Id) -> Result<Subject, Problem> {
    let order = found(transaction, order_id)?;
    Ok(Subject::Care {
        entity: "order",
        entity_id: order_id,
        patient_id: order.patient_id,
        doctor_id: order.doctor_id,
    })
}

/// A refusal of the rules of orders in this dialect's words.
impl From<order::Refusal> for Problem {
    fn from(refusal: order::Refusal) -> Problem {
        use order::Refusal as Of;
        match refusal {
            Of::UnknownOrder => return Problem::not_found("order"),
            Of::UnknownResult => return Problem::not_found("result"),
            Of::Encounter(refusal) => return refusal.into(),
            Of::NoResultsIn { state } => {
                Refusal::new(Code::Conflict, "results belong to an order that is in progress or completed")
                    .with("state", state.word())
            }
            Of::FullOfResults => {
                let message = format!("an order has {} results at the most", order::RESULTS_MAX);
                Refusal::new(Code::Conflict, message)
            }
            Of::Withdrawn { to } => Refusal::bad_transition("the result is withdrawn", ("withdrawn", to), []),
            Of::NotCritical => Refusal::new(Code::Conflict, "only what is critical is acknowledged"),
            Of::BadTransition { from, to } => bad_transition(from, to),
        }
        .into()
    }
}

fn bad_transition(from: State, to: State) -> Refusal {
    let allowed = from.next().iter().map(|state| state.word());
    Refusal::cannot_become("an order", (from.word(), to.word()), allowed)
}
