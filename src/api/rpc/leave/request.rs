//! Leave that a doctor asks for.
//!
//! It never knows who decides. Invariant: a doctor asks for their own only.

use super::Leave;
use crate::api::rpc::field::{Date, Id, Reason, RequestId};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Said, Subject, Whom};
use crate::service::audit::Action;
use crate::service::leave::{self, NewLeave};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::Deserialize;

pub struct RequestLeave;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestLeaveParams {
    /// The first day; from 31 days ago to 366 days ahead.
    pub date_from: Date,
    /// The last day; 100 days at the most.
    pub date_to: Date,
    /// Why, for whoever decides; patients are not told.
    pub reason: Reason,
    /// Who could take the sessions over.
    #[serde(default)]
    pub substitute_id: Option<Id>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for RequestLeave {
    const NAME: &'static str = "leave.request";
    const SUMMARY: &'static str = "Asks for days on which the doctor does not come.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::Overlaps, Code::TooLarge, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |_, _, _| Ok(Subject::Caller);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = RequestLeaveParams;
    type Outcome = Leave;

    fn run(
        params: RequestLeaveParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Leave, Problem> {
        if *params.date_from > *params.date_to {
            return Err(Problem::invalid("date_to", "must not be before `date_from`"));
        }
        let new = NewLeave {
            doctor_id: call.actor()?.user_id,
            date_from: &params.date_from,
            date_to: &params.date_to,
            reason: &params.reason,
            substitute_id: params.substitute_id.map(|Id(id)| id),
        };
        let leave_id = leave::request(transaction, &new, call.now)?;
        (call.note.entity, call.note.entity_id) = ("leave", Some(leave_id));
        leave::by_id(transaction, leave_id)?.map(Leave::from).ok_or_else(|| Problem::not_found("leave"))
    }
}
