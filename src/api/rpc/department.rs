//! `department.*`: the departments that doctors belong to, and who leads them.
//!
//! It never knows what a head may do. Invariant: what is listed is what doctors say of themselves.

use super::field::{Id, Line, RequestId};
use super::problem::{Code, Problem};
use super::session::Nothing;
use super::{Call, Kind, Method, Said};
use crate::service::Failure;
use crate::service::audit::Action;
use crate::service::department::{self, Refusal};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub struct ListDepartments;

#[derive(Serialize, JsonSchema)]
pub struct Department {
    pub name: String,
    /// How many doctors it has.
    pub doctors: i64,
    /// The doctor who leads it and decides on leave there.
    pub head_id: Option<i64>,
    pub head_name: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub struct DepartmentList {
    pub items: Vec<Department>,
}

impl Method for ListDepartments {
    const NAME: &'static str = "department.list";
    const SUMMARY: &'static str = "Lists the departments in the order of their names.";
    const KIND: Kind = Kind::Read;
    type Params = Nothing;
    type Outcome = DepartmentList;

    fn run(_: Nothing, _: &mut Call<'_>, transaction: &Transaction<'_>) -> Result<DepartmentList, Problem> {
        let mut items = Vec::new();
        department::list(transaction, |found| {
            items.push(Department {
                name: found.name.to_owned(),
                doctors: found.doctors,
                head_id: found.head_id,
                head_name: found.head_name.map(str::to_owned),
            });
        })?;
        Ok(DepartmentList { items })
    }
}

pub struct SetHead;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetHeadParams {
    pub department: Line<64>,
    /// Nobody, where none is given.
    #[serde(default)]
    pub doctor_id: Option<Id>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

#[derive(Serialize, JsonSchema)]
pub struct Head {
    pub department: String,
    pub head_id: Option<i64>,
}

impl Method for SetHead {
    const NAME: &'static str = "department.set_head";
    const SUMMARY: &'static str = "Names the doctor who leads a department, or nobody.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::RequestIdReused];
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = SetHeadParams;
    type Outcome = Head;

    fn run(
        params: SetHeadParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Head, Problem> {
        let head_id = params.doctor_id.map(|Id(id)| id);
        (call.note.entity, call.note.entity_id) = ("department_head", head_id);
        department::set_head(transaction, &params.department, head_id).map_err(|failure| match failure {
            Failure::Fault(fault) => fault.into(),
            Failure::Refused(Refusal::UnknownDepartment) => Problem::not_found("department"),
            Failure::Refused(Refusal::UnknownDoctor) => Problem::not_found("doctor"),
        })?;
        Ok(Head { department: params.department.to_string(), head_id })
    }
}
