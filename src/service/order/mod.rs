//! Orders (医嘱; FHIR R4 ServiceRequest): what is to be examined or done, from the request to the results.
//!
//! It never knows who accepts one. Invariants: an order goes only where `State::next` lets it; from its request
//! on it has its row in the old schema; a critical result is told to the doctor who answers for it, again and again
//! until they have said that they know of it, or somebody that it is wrong.

mod find;
mod result;
mod step;

pub use find::{Worklist, by_id, critical, latest_critical, list, result_by_id, results, worklist};
pub use result::{
    Flag, NewResult, OrderResult, RESULTS_MAX, acknowledge, add_results, next_repeat, repeat, withdraw,
};
pub(super) use step::hand_over;
pub use step::{NewOrder, accept, cancel, complete, request, start};

use super::words::words;
use super::{Failure, encounter, refuse};
use crate::store::{Error, Row, Transaction};

/// What the operator sets of orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRules {
    /// After so long a critical result is told again that nobody has acknowledged.
    pub critical_repeat_ms: i64,
}

impl Default for OrderRules {
    fn default() -> OrderRules {
        OrderRules { critical_repeat_ms: 5 * 60 * 1000 }
    }
}

words! {
    /// What an order is about.
    pub enum Kind, "an order is of a kind" {
        Laboratory = "laboratory",
        Imaging = "imaging",
        Procedure = "procedure",
        Nursing = "nursing",
    }

    /// How soon it is to be done; the most urgent comes first, as the table ranks them.
    pub enum Priority, "an order has a priority" {
        Stat = "stat",
        Urgent = "urgent",
        Routine = "routine",
    }

    /// Where an order stands.
    pub enum State, "an order is in a state" {
        Requested = "requested",
        Accepted = "accepted",
        InProgress = "in_progress",
        Completed = "completed",
        Cancelled = "cancelled",
    }
}

impl State {
    /// Where it may go from here.
    pub fn next(self) -> &'static [State] {
        match self {
            State::Requested => &[State::Accepted, State::Cancelled],
            State::Accepted => &[State::InProgress, State::Cancelled],
            State::InProgress => &[State::Completed, State::Cancelled],
            State::Completed | State::Cancelled => &[],
        }
    }
}

/// An order as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub order_id: i64,
    pub encounter_id: i64,
    pub patient_id: i64,
    pub doctor_id: i64,
    pub kind: Kind,
    pub content: String,
    pub priority: Priority,
    pub state: State,
    /// Why it was cancelled.
    pub reason: Option<String>,
    /// Its row in the old schema.
    pub old_order_id: Option<i64>,
    pub requested_ms: i64,
    pub accepted_ms: Option<i64>,
    pub accepted_by: Option<i64>,
    pub started_ms: Option<i64>,
    pub ended_ms: Option<i64>,
}

impl Order {
    fn from_row(row: &Row<'_>) -> Result<Order, Error> {
        Ok(Order {
            order_id: row.integer(0)?,
            encounter_id: row.integer(1)?,
            patient_id: row.integer(2)?,
            doctor_id: row.integer(3)?,
            kind: Kind::parse(row.text(4)?)?,
            content: row.string(5)?,
            priority: Priority::parse(row.text(6)?)?,
            state: State::parse(row.text(7)?)?,
            reason: row.optional_string(8)?,
            old_order_id: row.optional_integer(9)?,
            requested_ms: row.integer(10)?,
            accepted_ms: row.optional_integer(11)?,
            accepted_by: row.optional_integer(12)?,
            started_ms: row.optional_integer(13)?,
            ended_ms: row.optional_integer(14)?,
        })
    }
}

#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    UnknownOrder,
    UnknownResult,
    /// The visit does not allow it.
    Encounter(encounter::Refusal),
    /// Results belong to what is being done, or has been.
    NoResultsIn {
        state: State,
    },
    /// It has `RESULTS_MAX`.
    FullOfResults,
    NotCritical,
    /// `to` is what cannot be done to a result any longer.
    Withdrawn {
        to: &'static str,
    },
    BadTransition {
        from: State,
        to: State,
    },
}

pub type Outcome<T> = Result<T, Failure<Refusal>>;

fn known(transaction: &Transaction<'_>, order_id: i64) -> Outcome<Order> {
    by_id(transaction, order_id)?.ok_or(Failure::Refused(Refusal::UnknownOrder))
}
