//! Results of orders, and what a doctor is to know of at once.
//!
//! It never knows how a doctor is told. Invariant: only a doctor who treats the patient acknowledges what came out.

use super::{FlagWord, OrderResult, ResultParams, subject, subject_of_result};
use crate::api::rpc::field::{Id, Limit, Line, Reason, RequestId};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Said, Subject, Who, Whom, cut};
use crate::service::audit::Action;
use crate::service::order;
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub struct AddResult;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddResultParams {
    pub order_id: Id,
    /// What was measured or looked at.
    pub name: Line<128>,
    /// A number as text, or words.
    pub value: Line<500>,
    /// The doctor is told of what is critical until they have acknowledged it.
    pub flag: FlagWord,
    #[serde(default)]
    pub unit: Option<Line<32>>,
    #[serde(default)]
    pub reference_range: Option<Line<64>>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

/// The results of an order, in the order in which they came.
#[derive(Serialize, JsonSchema)]
pub struct OrderResults {
    pub order_id: i64,
    pub results: Vec<OrderResult>,
}

impl Method for AddResult {
    const NAME: &'static str = "order.add_result";
    const SUMMARY: &'static str = "Adds a result to an order that is in progress or completed.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::Conflict, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject(transaction, params.order_id);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = AddResultParams;
    type Outcome = OrderResults;

    fn run(
        params: AddResultParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<OrderResults, Problem> {
        let AddResultParams { order_id: Id(order_id), name, value, flag, unit, reference_range, .. } = params;
        let result = ResultParams { name, value, unit, reference_range, flag };
        let (by, rules) = (call.actor()?.user_id, &call.rules.order);
        order::add_results(
            transaction,
            order_id,
            &[result.result()],
            rules,
            by,
            &mut call.changes,
            call.now,
        )?;
        let results = order::results(transaction, order_id)?.into_iter().map(OrderResult::from).collect();
        Ok(OrderResults { order_id, results })
    }
}

pub struct Acknowledge;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgeParams {
    pub result_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for Acknowledge {
    const NAME: &'static str = "order.acknowledge";
    const SUMMARY: &'static str =
        "Says that the doctor knows of a critical result, who is told no longer then.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] =
        &[Code::NotFound, Code::Conflict, Code::BadTransition, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject_of_result(transaction, params.result_id);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = AcknowledgeParams;
    type Outcome = OrderResult;

    fn run(
        params: AcknowledgeParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<OrderResult, Problem> {
        let by = call.actor()?.user_id;
        Ok(order::acknowledge(transaction, params.result_id.0, by, &mut call.changes, call.now)?.into())
    }
}

pub struct WithdrawResult;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawResultParams {
    pub result_id: Id,
    /// Why it is wrong.
    pub reason: Reason,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for WithdrawResult {
    const NAME: &'static str = "order.withdraw_result";
    const SUMMARY: &'static str =
        "Says that a result is wrong, such as another patient's; it stays readable for the staff.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::BadTransition, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject_of_result(transaction, params.result_id);
    const REASON: Said<Self> = |params| Some(&params.reason);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = WithdrawResultParams;
    type Outcome = OrderResult;

    fn run(
        params: WithdrawResultParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<OrderResult, Problem> {
        let WithdrawResultParams { result_id: Id(result_id), reason, .. } = params;
        let by = call.actor()?.user_id;
        Ok(order::withdraw(transaction, result_id, &reason, by, &mut call.changes, call.now)?.into())
    }
}

pub struct CriticalResults;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CriticalResultsParams {
    #[serde(default)]
    pub limit: Limit,
    /// The next_cursor of the page before.
    #[serde(default)]
    pub cursor: Option<Id>,
}

#[derive(Serialize, JsonSchema)]
pub struct CriticalList {
    /// The oldest first.
    pub items: Vec<OrderResult>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

impl Method for CriticalResults {
    const NAME: &'static str = "order.critical";
    const SUMMARY: &'static str = "Lists critical results that are not acknowledged; to a doctor their own.";
    const KIND: Kind = Kind::ReadPatient;
    const SUBJECT: Whom<Self> =
        |_, call, _| Ok(if call.who == Who::Own { Subject::Caller } else { Subject::Nobody });
    type Params = CriticalResultsParams;
    type Outcome = CriticalList;

    fn run(
        params: CriticalResultsParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<CriticalList, Problem> {
        let (after, limit) = (params.cursor.map_or(0, |Id(id)| id), i64::from(params.limit.0));
        let doctor_id = (call.who == Who::Own).then_some(call.actor()?.user_id);
        let found = order::critical(transaction, doctor_id, after, limit + 1)?;
        let mut items: Vec<OrderResult> = found.into_iter().map(OrderResult::from).collect();
        let next_cursor = cut(&mut items, params.limit, |item| item.result_id);
        call.note.entity = "result";
        call.has_shown(items.iter().map(|item| item.patient_id))?;
        Ok(CriticalList { items, next_cursor })
    }
}
