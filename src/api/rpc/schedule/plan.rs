//! What sessions are made from: templates, exceptions, blocks.
//!
//! It never makes one. Invariant: what is added holds from then on; sessions that are there stay as they are,
//! but for those that a block stops.

use super::{Done, Made, capacity, hours, in_order, time};
use crate::api::rpc::appointment::change;
use crate::api::rpc::field::{Date, Id, Limit, Line, Reason, RequestId};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Said, Subject, Whom, cut};
use crate::service::audit::Action;
use crate::service::block::{self, Block};
use crate::service::schedule::{self, Exception, Template};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddTemplateParams {
    pub doctor_id: Id,
    /// 1 is Monday, 7 is Sunday.
    pub weekday: i64,
    /// What the session is called: morning, afternoon, evening or another word.
    pub period: Line<32>,
    /// `HH:MM`.
    pub starts: Line<5>,
    pub ends: Line<5>,
    pub capacity_online: i64,
    #[serde(default)]
    pub room: Option<Line<64>>,
    /// The doctor's, where none is given.
    #[serde(default)]
    pub department: Option<Line<64>>,
    #[serde(default)]
    pub capacity_onsite: i64,
    /// Places beyond the plan, which the doctor gives out.
    #[serde(default)]
    pub capacity_addon: i64,
    /// From today on, where none is given.
    #[serde(default)]
    pub valid_from: Option<Date>,
    #[serde(default)]
    pub valid_to: Option<Date>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

pub struct AddTemplate;

impl Method for AddTemplate {
    const NAME: &'static str = "schedule.add_template";
    const SUMMARY: &'static str = "Adds a session that a doctor has each week.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::Overlaps, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::Doctor(params.doctor_id.0));
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = AddTemplateParams;
    type Outcome = Made;

    fn run(
        params: AddTemplateParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Made, Problem> {
        if !(1..=7).contains(&params.weekday) {
            return Err(Problem::invalid("weekday", "must be from 1, Monday, to 7, Sunday"));
        }
        let (starts, ends) = hours(&params.starts, &params.ends)?;
        let valid_from = params.valid_from.map_or_else(|| call.now.day().to_owned(), |day| day.to_string());
        let valid_to = params.valid_to.map(|day| day.to_string());
        if valid_to.as_ref().is_some_and(|to| *to < valid_from) {
            return Err(Problem::invalid("valid_to", "must not be before `valid_from`"));
        }
        let new = Template {
            template_id: 0,
            doctor_id: params.doctor_id.0,
            weekday: params.weekday,
            period: params.period.to_string(),
            starts,
            ends,
            room: params.room.map(|room| room.to_string()),
            department: params.department.map(|department| department.to_string()),
            capacity_online: capacity("capacity_online", params.capacity_online)?,
            capacity_onsite: capacity("capacity_onsite", params.capacity_onsite)?,
            capacity_addon: capacity("capacity_addon", params.capacity_addon)?,
            valid_from,
            valid_to,
        };
        Ok(Made { id: schedule::add_template(transaction, &new)? })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndTemplateParams {
    pub template_id: Id,
    /// The last day on which it holds; yesterday, where none is given.
    #[serde(default)]
    pub last_day: Option<Date>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

pub struct EndTemplate;

impl Method for EndTemplate {
    const NAME: &'static str = "schedule.end_template";
    const SUMMARY: &'static str = "Lets a template hold no longer; sessions that were made from it stay.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::RequestIdReused];
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = EndTemplateParams;
    type Outcome = Done;

    fn run(
        params: EndTemplateParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Done, Problem> {
        let last_day = params.last_day.map_or_else(|| call.now.day_after(-1), |day| day.to_string());
        schedule::end_template(transaction, params.template_id.0, &last_day)?;
        Ok(Done { done: true })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfDoctorParams {
    /// Only this doctor's.
    #[serde(default)]
    pub doctor_id: Option<Id>,
    #[serde(default)]
    pub limit: Limit,
    /// The next_cursor of the page before.
    #[serde(default)]
    pub cursor: Option<Id>,
}

#[derive(Serialize, JsonSchema)]
pub struct TemplateItem {
    pub template_id: i64,
    pub doctor_id: i64,
    pub weekday: i64,
    pub period: String,
    pub starts: String,
    pub ends: String,
    pub room: Option<String>,
    pub department: Option<String>,
    pub capacity_online: i64,
    pub capacity_onsite: i64,
    pub capacity_addon: i64,
    pub valid_from: String,
    pub valid_to: Option<String>,
}

impl From<Template> for TemplateItem {
    fn from(template: Template) -> TemplateItem {
        TemplateItem {
            template_id: template.template_id,
            doctor_id: template.doctor_id,
            weekday: template.weekday,
            period: template.period,
            starts: template.starts,
            ends: template.ends,
            room: template.room,
            department: template.department,
            capacity_online: template.capacity_online,
            capacity_onsite: template.capacity_onsite,
            capacity_addon: template.capacity_addon,
            valid_from: template.valid_from,
            valid_to: template.valid_to,
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct TemplateList {
    pub items: Vec<TemplateItem>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

pub struct ListTemplates;

impl Method for ListTemplates {
    const NAME: &'static str = "schedule.templates";
    const SUMMARY: &'static str = "Lists templates in the order of their ids.";
    const KIND: Kind = Kind::Read;
    const ERRORS: &'static [Code] = &[];
    type Params = OfDoctorParams;
    type Outcome = TemplateList;

    fn run(
        params: OfDoctorParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<TemplateList, Problem> {
        let (after, limit) = (params.cursor.map_or(0, |Id(id)| id), i64::from(params.limit.0));
        let doctor_id = params.doctor_id.map(|Id(id)| id);
        let mut items: Vec<TemplateItem> = Vec::new();
        schedule::templates(transaction, doctor_id, after, limit + 1, |found| items.push(found.into()))?;
        let next_cursor = cut(&mut items, params.limit, |item| item.template_id);
        Ok(TemplateList { items, next_cursor })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddExceptionParams {
    pub doctor_id: Id,
    pub date_from: Date,
    pub date_to: Date,
    pub reason: Reason,
    /// Other hours on those days, `HH:MM`; without them there are no sessions.
    #[serde(default)]
    pub starts: Option<Line<5>>,
    #[serde(default)]
    pub ends: Option<Line<5>>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

pub struct AddException;

impl Method for AddException {
    const NAME: &'static str = "schedule.add_exception";
    const SUMMARY: &'static str =
        "Names days on which a doctor's templates do not hold; sessions that are there stay.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::Doctor(params.doctor_id.0));
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = AddExceptionParams;
    type Outcome = Made;

    fn run(
        params: AddExceptionParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Made, Problem> {
        in_order(&params.date_from, &params.date_to)?;
        let hours = match (&params.starts, &params.ends) {
            (None, None) => None,
            (Some(starts), Some(ends)) => Some(hours(starts, ends)?),
            _ => return Err(Problem::invalid("ends", "give both of `starts` and `ends`, or neither")),
        };
        let new = Exception {
            exception_id: 0,
            doctor_id: params.doctor_id.0,
            date_from: params.date_from.to_string(),
            date_to: params.date_to.to_string(),
            hours,
            reason: params.reason.to_string(),
        };
        Ok(Made { id: schedule::add_exception(transaction, &new)? })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptionParams {
    pub exception_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

pub struct RemoveException;

impl Method for RemoveException {
    const NAME: &'static str = "schedule.remove_exception";
    const SUMMARY: &'static str = "Lets a doctor's templates hold on those days again.";
    const KIND: Kind = Kind::Write(Action::Delete);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::RequestIdReused];
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = ExceptionParams;
    type Outcome = Done;

    fn run(
        params: ExceptionParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Done, Problem> {
        schedule::remove_exception(transaction, params.exception_id.0)?;
        Ok(Done { done: true })
    }
}

#[derive(Serialize, JsonSchema)]
pub struct ExceptionItem {
    pub exception_id: i64,
    pub doctor_id: i64,
    pub date_from: String,
    pub date_to: String,
    /// The hours instead; null where there are no sessions.
    pub starts: Option<String>,
    pub ends: Option<String>,
    pub reason: String,
}

impl From<Exception> for ExceptionItem {
    fn from(exception: Exception) -> ExceptionItem {
        let (starts, ends) = exception.hours.unzip();
        ExceptionItem {
            exception_id: exception.exception_id,
            doctor_id: exception.doctor_id,
            date_from: exception.date_from,
            date_to: exception.date_to,
            starts,
            ends,
            reason: exception.reason,
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct ExceptionList {
    pub items: Vec<ExceptionItem>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

pub struct ListExceptions;

impl Method for ListExceptions {
    const NAME: &'static str = "schedule.exceptions";
    const SUMMARY: &'static str = "Lists days on which templates do not hold.";
    const KIND: Kind = Kind::Read;
    const ERRORS: &'static [Code] = &[];
    type Params = OfDoctorParams;
    type Outcome = ExceptionList;

    fn run(
        params: OfDoctorParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<ExceptionList, Problem> {
        let (after, limit) = (params.cursor.map_or(0, |Id(id)| id), i64::from(params.limit.0));
        let doctor_id = params.doctor_id.map(|Id(id)| id);
        let mut items: Vec<ExceptionItem> = Vec::new();
        schedule::exceptions(transaction, doctor_id, after, limit + 1, |found| items.push(found.into()))?;
        let next_cursor = cut(&mut items, params.limit, |item| item.exception_id);
        Ok(ExceptionList { items, next_cursor })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddBlockParams {
    /// `YYYY-MM-DD HH:MM`.
    pub starts_at: Line<19>,
    pub ends_at: Line<19>,
    pub reason: Reason,
    /// Only this doctor's hours; of the whole hospital where neither doctor nor department is given.
    #[serde(default)]
    pub doctor_id: Option<Id>,
    #[serde(default)]
    pub department: Option<Line<64>>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

#[derive(Serialize, JsonSchema)]
pub struct Blocked {
    pub block_id: i64,
    /// The sessions that lay in those hours and are stopped.
    pub stopped_sessions: Vec<i64>,
    /// The appointments that were cancelled with them; their patients are told.
    pub cancelled_appointments: Vec<i64>,
    /// Whether more sessions lie in those hours, which are stopped within minutes; none of them gives out a place.
    pub has_more: bool,
}

pub struct AddBlock;

impl Method for AddBlock {
    const NAME: &'static str = "schedule.add_block";
    const SUMMARY: &'static str =
        "Blocks hours, as for a holiday: sessions in them are stopped, and none is made.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::RequestIdReused];
    const REASON: Said<Self> = |params| Some(&params.reason);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = AddBlockParams;
    type Outcome = Blocked;

    fn run(
        params: AddBlockParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Blocked, Problem> {
        if params.doctor_id.is_some() && params.department.is_some() {
            return Err(Problem::invalid(
                "department",
                "give one of `doctor_id` and `department`, or neither",
            ));
        }
        let new = Block {
            block_id: 0,
            doctor_id: params.doctor_id.map(|Id(id)| id),
            department: params.department.map(|department| department.to_string()),
            starts_at: time("starts_at", &params.starts_at)?,
            ends_at: time("ends_at", &params.ends_at)?,
            reason: params.reason.to_string(),
        };
        if new.starts_at >= new.ends_at {
            return Err(Problem::invalid("ends_at", "must be after `starts_at`"));
        }
        let done = block::add(&mut change(call, transaction), &new)?;
        Ok(Blocked {
            block_id: done.block_id,
            stopped_sessions: done.stopped_sessions,
            cancelled_appointments: done.cancelled_appointments,
            has_more: done.has_more,
        })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockParams {
    pub block_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

pub struct RemoveBlock;

impl Method for RemoveBlock {
    const NAME: &'static str = "schedule.remove_block";
    const SUMMARY: &'static str = "Lets sessions be made in those hours again; stopped ones stay stopped.";
    const KIND: Kind = Kind::Write(Action::Delete);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::RequestIdReused];
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = BlockParams;
    type Outcome = Done;

    fn run(params: BlockParams, _: &mut Call<'_>, transaction: &Transaction<'_>) -> Result<Done, Problem> {
        block::remove(transaction, params.block_id.0)?;
        Ok(Done { done: true })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListBlocksParams {
    /// Only those that end after this day has begun; today, where none is given.
    #[serde(default)]
    pub from: Option<Date>,
    #[serde(default)]
    pub limit: Limit,
    /// The next_cursor of the page before.
    #[serde(default)]
    pub cursor: Option<Id>,
}

#[derive(Serialize, JsonSchema)]
pub struct BlockItem {
    pub block_id: i64,
    pub doctor_id: Option<i64>,
    pub department: Option<String>,
    pub starts_at: String,
    pub ends_at: String,
    pub reason: String,
}

impl From<Block> for BlockItem {
    fn from(block: Block) -> BlockItem {
        BlockItem {
            block_id: block.block_id,
            doctor_id: block.doctor_id,
            department: block.department,
            starts_at: block.starts_at,
            ends_at: block.ends_at,
            reason: block.reason,
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct BlockList {
    pub items: Vec<BlockItem>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

pub struct ListBlocks;

impl Method for ListBlocks {
    const NAME: &'static str = "schedule.blocks";
    const SUMMARY: &'static str = "Lists blocked hours.";
    const KIND: Kind = Kind::Read;
    const ERRORS: &'static [Code] = &[];
    type Params = ListBlocksParams;
    type Outcome = BlockList;

    fn run(
        params: ListBlocksParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<BlockList, Problem> {
        let (after, limit) = (params.cursor.map_or(0, |Id(id)| id), i64::from(params.limit.0));
        let from = params.from.map_or_else(|| call.now.day().to_owned(), |day| day.to_string());
        let mut items: Vec<BlockItem> = Vec::new();
        block::list(transaction, &from, after, limit + 1, |found| items.push(found.into()))?;
        let next_cursor = cut(&mut items, params.limit, |item| item.block_id);
        Ok(BlockList { items, next_cursor })
    }
}
