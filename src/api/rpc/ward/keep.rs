//! Wards and beds that are made, closed, cleaned and blocked.
//!
//! It never knows who lies in them. Invariant: no bed becomes reserved or occupied in here.

use super::{Bed, Number, subject, subject_of_bed};
use crate::api::rpc::appointment::change;
use crate::api::rpc::field::{Id, Line, Name, Reason, RequestId, choice};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Said, Whom};
use crate::service::audit::Action;
use crate::service::text;
use crate::service::ward::{self, BEDS_MAX, NewWard, State};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A number as it is kept: what looks like another is that other.
fn seen<'a>(field: &str, number: &'a str) -> Result<&'a str, Problem> {
    text::number(number).ok_or_else(|| Problem::invalid(field, "must not have invisible letters"))
}

pub struct AddWard;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddWardParams {
    pub number: Number,
    /// What the ward is called.
    pub name: Name,
    #[serde(default)]
    pub department: Option<Line<64>>,
    /// The numbers of its beds, up to 200.
    #[serde(default)]
    pub beds: Vec<Number>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

#[derive(Serialize, JsonSchema)]
pub struct AddedBed {
    pub bed_id: i64,
    pub number: String,
}

#[derive(Serialize, JsonSchema)]
pub struct AddedWard {
    pub ward_id: i64,
    pub beds: Vec<AddedBed>,
}

impl Method for AddWard {
    const NAME: &'static str = "ward.add";
    const SUMMARY: &'static str = "Makes a ward with its beds, which are free.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::Conflict, Code::RequestIdReused];
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = AddWardParams;
    type Outcome = AddedWard;

    fn run(
        params: AddWardParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<AddedWard, Problem> {
        if params.beds.len() > BEDS_MAX {
            return Err(Problem::invalid("beds", format!("must be {BEDS_MAX} at the most")));
        }
        let new = NewWard {
            number: seen("number", &params.number)?,
            name: &params.name,
            department: params.department.as_deref(),
        };
        let numbers: Vec<&str> = params
            .beds
            .iter()
            .enumerate()
            .map(|(place, number)| seen(&format!("beds[{place}]"), number))
            .collect::<Result<_, _>>()?;
        let ward_id = ward::add(&mut change(call, transaction), &new, numbers.into_iter())?;
        (call.note.entity, call.note.entity_id) = ("ward", Some(ward_id));
        let board = ward::board(transaction, ward_id)?.ok_or_else(|| Problem::not_found("ward"))?;
        let beds = board.beds.into_iter().map(|bed| AddedBed { bed_id: bed.bed_id, number: bed.number });
        Ok(AddedWard { ward_id, beds: beds.collect() })
    }
}

pub struct AddBed;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddBedParams {
    pub ward_id: Id,
    pub number: Number,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for AddBed {
    const NAME: &'static str = "ward.add_bed";
    const SUMMARY: &'static str = "Puts one more bed into a ward.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] =
        &[Code::NotFound, Code::Conflict, Code::WardClosed, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject(transaction, params.ward_id);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = AddBedParams;
    type Outcome = Bed;

    fn run(params: AddBedParams, call: &mut Call<'_>, transaction: &Transaction<'_>) -> Result<Bed, Problem> {
        let number = seen("number", &params.number)?;
        let bed_id = ward::add_bed(&mut change(call, transaction), params.ward_id.0, number)?;
        (call.note.entity, call.note.entity_id) = ("bed", Some(bed_id));
        ward::bed_by_id(transaction, bed_id)?.map(Bed::from).ok_or_else(|| Problem::not_found("bed"))
    }
}

pub struct CloseWard;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseWardParams {
    pub ward_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

#[derive(Serialize, JsonSchema)]
pub struct ClosedWard {
    pub ward_id: i64,
    pub is_closed: bool,
}

impl Method for CloseWard {
    const NAME: &'static str = "ward.close";
    const SUMMARY: &'static str =
        "Closes a ward in which nobody lies and for which nobody is asked; nobody gets in any longer.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::Conflict, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject(transaction, params.ward_id);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = CloseWardParams;
    type Outcome = ClosedWard;

    fn run(
        params: CloseWardParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<ClosedWard, Problem> {
        ward::close(&mut change(call, transaction), params.ward_id.0)?;
        Ok(ClosedWard { ward_id: params.ward_id.0, is_closed: true })
    }
}

choice! {
    /// What a bed can be made by hand.
    pub enum BedState of State {
        Free,
        Cleaning,
        Blocked,
    }
}

pub struct SetBedState;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetBedStateParams {
    pub bed_id: Id,
    pub state: BedState,
    /// What the board says beside it.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for SetBedState {
    const NAME: &'static str = "bed.set_state";
    const SUMMARY: &'static str = "Says that a bed in which nobody lies is free, to be cleaned, or blocked.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::BadTransition, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject_of_bed(transaction, params.bed_id);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = SetBedStateParams;
    type Outcome = Bed;

    fn run(
        params: SetBedStateParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Bed, Problem> {
        let reason = params.reason.as_deref();
        Ok(ward::set_bed_state(&mut change(call, transaction), params.bed_id.0, params.state.into(), reason)?
            .into())
    }
}
