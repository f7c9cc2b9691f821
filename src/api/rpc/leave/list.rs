//! Leaves as they are read.
//!
//! It never changes one. Invariant: a doctor sees their own, and those of the department that they lead.

use super::{Leave, Reach, subject};
use crate::api::rpc::field::{Id, Limit, Line};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Whom, cut, staff};
use crate::service::access::Role;
use crate::service::leave::{self, Scope};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub struct GetLeave;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetLeaveParams {
    pub leave_id: Id,
}

impl Method for GetLeave {
    const NAME: &'static str = "leave.get";
    const SUMMARY: &'static str = "Tells how a leave stands.";
    // Whoever looks at what is of somebody else is in the trail.
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound];
    const SUBJECT: Whom<Self> =
        |params, call, transaction| subject(transaction, call, params.leave_id, Reach::Both);
    type Params = GetLeaveParams;
    type Outcome = Leave;

    fn run(
        params: GetLeaveParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Leave, Problem> {
        let role = call.actor()?.role;
        leave::by_id(transaction, params.leave_id.0)?
            .map(|found| Leave::for_reader(found, role))
            .ok_or_else(|| Problem::not_found("leave"))
    }
}

pub struct ListLeaves;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListLeavesParams {
    /// Only this doctor's. A doctor who names neither gets their own, anyone else all.
    #[serde(default)]
    pub doctor_id: Option<Id>,
    /// Only those of this department's doctors.
    #[serde(default)]
    pub department: Option<Line<64>>,
    /// True for those only that are to be decided on.
    #[serde(default)]
    pub is_pending: bool,
    #[serde(default)]
    pub limit: Limit,
    /// The next_cursor of the page before.
    #[serde(default)]
    pub cursor: Option<Id>,
}

#[derive(Serialize, JsonSchema)]
pub struct LeaveList {
    /// The latest first.
    pub items: Vec<Leave>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

impl Method for ListLeaves {
    const NAME: &'static str = "leave.list";
    const SUMMARY: &'static str = "Lists leaves, the latest first: of a doctor, of a department, or all.";
    // Whoever looks at what is of somebody else is in the trail.
    const KIND: Kind = Kind::ReadPatient;
    const SUBJECT: Whom<Self> = |params, call, transaction| {
        staff::subject(transaction, call, params.doctor_id, params.department.as_deref())
    };
    type Params = ListLeavesParams;
    type Outcome = LeaveList;

    fn run(
        params: ListLeavesParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<LeaveList, Problem> {
        let caller = call.actor()?;
        let scope = match (params.doctor_id, params.department.as_deref()) {
            (Some(Id(doctor_id)), _) => Scope::Doctor(doctor_id),
            (None, Some(department)) => Scope::Department(department),
            (None, None) if caller.role == Role::Doctor => Scope::Doctor(caller.user_id),
            (None, None) => Scope::All,
        };
        let before = params.cursor.map_or(i64::MAX, |Id(id)| id);
        let mut items: Vec<Leave> = Vec::new();
        let limit = i64::from(params.limit.0) + 1;
        let role = caller.role;
        leave::list(transaction, scope, params.is_pending, before, limit, |found| {
            items.push(Leave::for_reader(found, role));
        })?;
        let next_cursor = cut(&mut items, params.limit, |item| item.leave_id);
        Ok(LeaveList { items, next_cursor })
    }
}
