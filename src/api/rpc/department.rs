//! `department.list`: the departments that doctors belong to.

use super::problem::Problem;
use super::session::Nothing;
use super::{Call, Kind, Method};
use crate::service::doctor;
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::Serialize;

pub struct ListDepartments;

#[derive(Serialize, JsonSchema)]
pub struct Department {
    pub name: String,
    /// How many doctors it has.
    pub doctors: i64,
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
        doctor::departments(transaction, |name, doctors| {
            items.push(Department { name: name.to_owned(), doctors });
        })?;
        Ok(DepartmentList { items })
    }
}
