//! Steps of an order, one method each.
//!
//! It never knows where one may go. Invariant: each gives the order as it is afterwards.

use super::{KindWord, Order, PriorityWord, ResultParams, found, subject};
use crate::api::rpc::field::{Id, Notes, Reason, RequestId};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::step::step;
use crate::api::rpc::{Call, Kind, Method, Said, Whom, encounter};
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
    const SUBJECT: Whom<Self> = |params, _, transaction| encounter::subject(transaction, params.encounter_id);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = RequestOrderParams;
    type Outcome = Order;

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
        let order_id = order::request(transaction, &new, call.now)?;
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

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelOrderParams {
    pub order_id: Id,
    /// Why, which the patient and old clients can read.
    pub reason: Reason,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

const ERRORS: &[Code] = &[Code::NotFound, Code::BadTransition, Code::RequestIdReused];

step!(
    AcceptOrder(OrderParams: order_id) -> Order,
    "order.accept",
    "Says that an order that was asked for will be done.",
    ERRORS,
    |params, call, transaction| {
        let by = call.actor()?.user_id;
        order::accept(transaction, params.order_id.0, by, call.now)?;
        found(transaction, params.order_id.0).map(Order::from)
    }
);

step!(
    StartOrder(OrderParams: order_id) -> Order,
    "order.start",
    "Says that an order that was accepted is being done.",
    ERRORS,
    |params, call, transaction| {
        order::start(transaction, params.order_id.0, call.now)?;
        found(transaction, params.order_id.0).map(Order::from)
    }
);

step!(
    CompleteOrder(CompleteOrderParams: order_id) -> Order,
    "order.complete",
    "Says that an order is done, and what came out.",
    &[Code::NotFound, Code::BadTransition, Code::Conflict, Code::RequestIdReused],
    |params, call, transaction| {
        if params.results.len() > RESULTS_MAX {
            return Err(Problem::invalid("results", format!("must be {RESULTS_MAX} at the most")));
        }
        let results: Vec<NewResult<'_>> = params.results.iter().map(ResultParams::result).collect();
        let (by, order_id) = (call.actor()?.user_id, params.order_id.0);
        order::complete(transaction, order_id, call.now)?;
        let rules = &call.rules.order;
        order::add_results(transaction, order_id, &results, rules, by, &mut call.changes, call.now)?;
        found(transaction, params.order_id.0).map(Order::from)
    }
);

step!(
    CancelOrder(CancelOrderParams: order_id) -> Order
        because |params| Some(&params.reason),
    "order.cancel",
    "Takes back an order that is not completed.",
    ERRORS,
    |params, call, transaction| {
        order::cancel(transaction, params.order_id.0, &params.reason, call.now)?;
        found(transaction, params.order_id.0).map(Order::from)
    }
);
