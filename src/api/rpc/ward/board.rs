//! Looking at wards: which there are, and who lies where.
//!
//! It never changes one. Invariant: who lies in a bed is shown to those of the staff who may call for it, and
//! is told to nobody else.

use super::subject;
use crate::api::rpc::field::{Id, Limit, Reason};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Said, Whom, cut};
use crate::service::ward::{self, Listed, Occupant};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who lies in a bed, or for whom it is kept.
#[derive(Serialize, JsonSchema)]
pub struct OccupantItem {
    pub admission_id: i64,
    pub patient_id: i64,
    pub patient_name: String,
    pub doctor_id: i64,
    pub doctor_name: String,
    /// requested (the bed is kept), admitted or `discharge_ordered`.
    pub state: &'static str,
    /// Since when they lie in it, or it is kept.
    pub since_ms: i64,
    /// The day on which the stay is expected to end.
    pub expected_on: Option<String>,
}

impl From<Occupant> for OccupantItem {
    fn from(found: Occupant) -> OccupantItem {
        OccupantItem {
            admission_id: found.admission_id,
            patient_id: found.patient_id,
            patient_name: found.patient_name,
            doctor_id: found.doctor_id,
            doctor_name: found.doctor_name,
            state: found.state.word(),
            since_ms: found.since_ms,
            expected_on: found.expected_on,
        }
    }
}

/// A bed, and who lies in it.
#[derive(Serialize, JsonSchema)]
pub struct BoardBed {
    pub bed_id: i64,
    pub number: String,
    /// free, reserved, occupied, cleaning or blocked.
    pub state: &'static str,
    /// Why it is as it is.
    pub reason: Option<String>,
    pub changed_ms: i64,
    pub occupant: Option<OccupantItem>,
}

/// A ward with all of its beds, in the order of their numbers. Moments are milliseconds since 1970, UTC.
#[derive(Serialize, JsonSchema)]
pub struct Board {
    pub ward_id: i64,
    pub number: String,
    pub name: String,
    pub department: Option<String>,
    pub is_closed: bool,
    pub beds: Vec<BoardBed>,
}

impl From<ward::Board> for Board {
    fn from(found: ward::Board) -> Board {
        let beds = found.beds.into_iter().map(|bed| BoardBed {
            bed_id: bed.bed_id,
            number: bed.number,
            state: bed.state.word(),
            reason: bed.reason,
            changed_ms: bed.changed_ms,
            occupant: bed.occupant.map(Into::into),
        });
        Board {
            ward_id: found.ward.ward_id,
            number: found.ward.number,
            name: found.ward.name,
            department: found.ward.department,
            is_closed: found.ward.is_closed,
            beds: beds.collect(),
        }
    }
}

pub struct WardBoard;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WardBoardParams {
    pub ward_id: Id,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
}

impl Method for WardBoard {
    const NAME: &'static str = "ward.board";
    const SUMMARY: &'static str = "Shows a ward's beds: what each is good for, and who lies in it.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject(transaction, params.ward_id);
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = WardBoardParams;
    type Outcome = Board;

    fn run(
        params: WardBoardParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Board, Problem> {
        ward::board(transaction, params.ward_id.0)?.map(Board::from).ok_or_else(|| Problem::not_found("ward"))
    }
}

pub struct ListWards;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListWardsParams {
    #[serde(default)]
    pub limit: Limit,
    /// The `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<Id>,
}

/// A ward, and how many beds it has.
#[derive(Serialize, JsonSchema)]
pub struct WardItem {
    pub ward_id: i64,
    pub number: String,
    pub name: String,
    pub department: Option<String>,
    pub is_closed: bool,
    pub beds: i64,
    pub free_beds: i64,
}

impl From<Listed> for WardItem {
    fn from(found: Listed) -> WardItem {
        WardItem {
            ward_id: found.ward.ward_id,
            number: found.ward.number,
            name: found.ward.name,
            department: found.ward.department,
            is_closed: found.ward.is_closed,
            beds: found.beds,
            free_beds: found.free_beds,
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct WardList {
    pub items: Vec<WardItem>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

impl Method for ListWards {
    const NAME: &'static str = "ward.list";
    const SUMMARY: &'static str = "Lists the wards, closed ones too, with how many of their beds are free.";
    const KIND: Kind = Kind::Read;
    type Params = ListWardsParams;
    type Outcome = WardList;

    fn run(
        params: ListWardsParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<WardList, Problem> {
        let (after, limit) = (params.cursor.map_or(0, |Id(id)| id), i64::from(params.limit.0));
        let mut items = Vec::new();
        ward::list(transaction, after, limit + 1, |found| items.push(WardItem::from(found)))?;
        let next_cursor = cut(&mut items, params.limit, |item| item.ward_id);
        Ok(WardList { items, next_cursor })
    }
}
