//! Steps of an order, one method each.
//!
//! It never knows where one may go. Invariant: each gives the order as it is afterwards.

use super::{KindWord, Order, PriorityWord, ResultParams, found, refused, subject};
use crate::api::rpc::field::{Id, Notes, Reason, RequestId};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Subject, encounter};
use crate::service::audit::Action;
use crate::service::order::{self, NewOrder, NewResult};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::Deserialize;

/// Results of one call.
const RESULTS_MAX: usize = 100;

pub struct RequestOrder;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestOrderParams {
    /// A visit that is in progress.
    pub encounter_id: Id,
    pub kind: KindWord,
    /// What is to be done.
    pub content: Notes<1000>,
    #[serde(default)]
    pub priority: PriorityWord,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for RequestOrder {
    const NAME: &'static str = "order.request";
    const SUMMARY: &'static str = "Asks for an examination, a procedure or nursing in a visit.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::NotInProgress, Code::RequestIdReused];
    type Params = RequestOrderParams;
    type Outcome = Order;

    fn subject(
        params: &RequestOrderParams,
        _: &Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Subject, Problem> {
        encounter::subject(transaction, params.encounter_id)
    }

    fn request_id(params: &RequestOrderParams) -> Option<&str> {
        params.request_id.as_deref()
    }

    fn run(
        params: RequestOrderParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Order, Problem> {
        let new = NewOrder {
            encounter_id: params.encounter_id.0,
            kind: params.kind.into(),
            content: &params.content,
            priority: params.priority.into(),
        };
        let order_id = order::request(transaction, &new, call.now).map_err(refused)?;
        (call.note.entity, call.note.entity_id) = ("order", Some(order_id));
        found(transaction, order_id).map(Order::from)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderParams {
    pub order_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl OrderParams {
    fn reason(&self) -> Option<&str> {
        None
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteOrderParams {
    pub order_id: Id,
    /// At most 100; order.add_result adds what comes later.
    #[serde(default)]
    pub results: Vec<ResultParams>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl CompleteOrderParams {
    fn reason(&self) -> Option<&str> {
        None
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelOrderParams {
    pub order_id: Id,
    /// Why, which the patient and old clients can read.
    pub reason: Reason,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl CancelOrderParams {
    fn reason(&self) -> Option<&str> {
        Some(&self.reason)
    }
}

/// A method that moves one order.
macro_rules! step {
    ($method:ident($params:ident), $name:literal, $summary:literal, $step:expr) => {
        pub struct $method;

        impl Method for $method {
            const NAME: &'static str = $name;
            const SUMMARY: &'static str = $summary;
            const KIND: Kind = Kind::Write(Action::Update);
            const ERRORS: &'static [Code] = &[Code::NotFound, Code::BadTransition, Code::RequestIdReused];
            type Params = $params;
            type Outcome = Order;

            fn subject(
                params: &$params,
                _: &Call<'_>,
                transaction: &Transaction<'_>,
            ) -> Result<Subject, Problem> {
                subject(transaction, params.order_id)
            }

            fn reason(params: &$params) -> Option<&str> {
                params.reason()
            }

            fn request_id(params: &$params) -> Option<&str> {
                params.request_id.as_deref()
            }

            fn run(
                params: $params,
                call: &mut Call<'_>,
                transaction: &Transaction<'_>,
            ) -> Result<Order, Problem> {
                let step: fn(&$params, &mut Call<'_>, &Transaction<'_>) -> Result<(), Problem> = $step;
                step(&params, call, transaction)?;
                found(transaction, params.order_id.0).map(Order::from)
            }
        }
    };
}

step!(
    AcceptOrder(OrderParams),
    "order.accept",
    "Says that an order that was asked for will be done.",
    |params, call, transaction| {
        let by = call.actor()?.user_id;
        order::accept(transaction, params.order_id.0, by, call.now).map_err(refused)
    }
);

step!(
    StartOrder(OrderParams),
    "order.start",
    "Says that an order that was accepted is being done.",
    |params, call, transaction| order::start(transaction, params.order_id.0, call.now).map_err(refused)
);

step!(
    CompleteOrder(CompleteOrderParams),
    "order.complete",
    "Says that an order is done, and what came out.",
    |params, call, transaction| {
        if params.results.len() > RESULTS_MAX {
            return Err(Problem::invalid("results", format!("results must be {RESULTS_MAX} at the most")));
        }
        let results: Vec<NewResult<'_>> = params.results.iter().map(ResultParams::result).collect();
        let (by, order_id) = (call.actor()?.user_id, params.order_id.0);
        order::complete(transaction, order_id, call.now).map_err(refused)?;
        let rules = &call.rules.order;
        order::add_results(transaction, order_id, &results, rules, by, &mut call.changes, call.now)
            .map_err(refused)
    }
);

step!(
    CancelOrder(CancelOrderParams),
    "order.cancel",
    "Takes back an order that is not completed.",
    |params, call, transaction| {
        order::cancel(transaction, params.order_id.0, &params.reason, call.now).map_err(refused)
    }
);
