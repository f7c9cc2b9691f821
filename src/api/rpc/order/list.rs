//! Looking at orders: one with its results, a patient's, and what is to be done.
//!
//! It never changes one. Invariant: what is to be done is shown to nurses, and to a doctor as far as they have
//! ordered it.

use super::{KindWord, OpenStateWord, Order, OrderResult, found, subject};
use crate::api::rpc::care_list::{CareListParams, OldItem};
use crate::api::rpc::cursor::Written;
use crate::api::rpc::field::{Id, Limit, Reason};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Said, Subject, Who, Whom, cut};
use crate::service::access::Role;
use crate::service::old_row::Listed;
use crate::service::order::{self, State, Worklist};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub struct GetOrder;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetOrderParams {
    pub order_id: Id,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
}

/// An order and what came out.
#[derive(Serialize, JsonSchema)]
pub struct OrderWithResults {
    pub order: Order,
    /// In the order in which they came; none to the patient until the order is completed, and never one that was
    /// withdrawn.
    pub results: Vec<OrderResult>,
}

impl Method for GetOrder {
    const NAME: &'static str = "order.get";
    const SUMMARY: &'static str =
        "Gives an order and its results; to the patient those of completed ones only.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject(transaction, params.order_id);
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = GetOrderParams;
    type Outcome = OrderWithResults;

    fn run(
        params: GetOrderParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<OrderWithResults, Problem> {
        let order = found(transaction, params.order_id.0)?;
        let is_patient = call.actor()?.role == Role::Patient;
        let mut results = order::results(transaction, order.order_id)?;
        if is_patient {
            results.retain(|result| order.state == State::Completed && result.withdrawn_ms.is_none());
        }
        let results = results.into_iter().map(OrderResult::from).collect();
        Ok(OrderWithResults { order: order.into(), results })
    }
}

pub struct ListOrders;

/// An order of this dialect (order), or one that an old client has inserted (old).
#[derive(Serialize, JsonSchema)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum OrderItem {
    Order(Order),
    Old(OldItem),
}

impl From<Listed<order::Order>> for OrderItem {
    fn from(listed: Listed<order::Order>) -> OrderItem {
        match listed {
            Listed::Ours(order) => OrderItem::Order(order.into()),
            Listed::Old(row) => OrderItem::Old(row.into()),
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct OrderList {
    /// Orders from the latest one, then what old clients have inserted, from the latest one.
    pub items: Vec<OrderItem>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<String>,
}

impl Method for ListOrders {
    const NAME: &'static str = "order.list";
    const SUMMARY: &'static str = "Lists the orders of a patient or of a visit, without results.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, _, transaction| params.subject(transaction);
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = CareListParams;
    type Outcome = OrderList;

    fn run(
        params: CareListParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<OrderList, Problem> {
        let (place, limit) = params.page();
        let mut listed = order::list(transaction, params.filter()?, place, limit)?;
        let next_cursor = cut(&mut listed, params.limit, |one| {
            one.place(|order| order.order_id, |old| old.old_id).written()
        });
        Ok(OrderList { items: listed.into_iter().map(OrderItem::from).collect(), next_cursor })
    }
}

pub struct OrderWorklist;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorklistParams {
    pub kind: KindWord,
    #[serde(default)]
    pub state: Option<OpenStateWord>,
    #[serde(default)]
    pub limit: Limit,
    /// The next_cursor of the page before.
    #[serde(default)]
    pub cursor: Option<Id>,
}

#[derive(Serialize, JsonSchema)]
pub struct OpenOrders {
    /// The most urgent first, then the oldest.
    pub items: Vec<Order>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

impl Method for OrderWorklist {
    const NAME: &'static str = "order.worklist";
    const SUMMARY: &'static str = "Lists what is to be done; to a doctor what they have ordered.";
    const KIND: Kind = Kind::ReadPatient;
    const SUBJECT: Whom<Self> =
        |_, call, _| Ok(if call.who == Who::Own { Subject::Caller } else { Subject::Nobody });
    type Params = WorklistParams;
    type Outcome = OpenOrders;

    fn run(
        params: WorklistParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<OpenOrders, Problem> {
        call.note.entity = "order";
        let doctor_id = (call.who == Who::Own).then_some(call.actor()?.user_id);
        let of = Worklist { kind: params.kind.into(), state: params.state.map(State::from), doctor_id };
        let (after, limit) = (params.cursor.map(|Id(id)| id), i64::from(params.limit.0));
        let mut items: Vec<Order> = Vec::new();
        order::worklist(transaction, of, after, limit + 1, |order| items.push(order.into()))?;
        let next_cursor = cut(&mut items, params.limit, |item| item.order_id);
        if call.who == Who::Own {
            call.has_shown(items.iter().map(|item| item.patient_id))?;
        }
        Ok(OpenOrders { items, next_cursor })
    }
}
