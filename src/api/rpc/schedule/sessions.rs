//! Sessions: made, listed, changed, stopped.
//!
//! It never knows who books. Invariant: nobody lists more than a month of them at once.

use super::{Made, capacity, check_range, in_order, subject, time};
use crate::api::rpc::appointment::change;
use crate::api::rpc::field::{Date, Id, Limit, Line, Reason, RequestId};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Said, Subject, Whom, cut};
use crate::service::audit::Action;
use crate::service::booking;
use crate::service::clinic_session::{self, ClinicSession, Filter, Places};
use crate::service::schedule::{self, NewSession};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Places of one kind.
#[derive(Serialize, JsonSchema)]
pub struct PlacesItem {
    pub capacity: i64,
    pub remaining: i64,
}

impl From<Places> for PlacesItem {
    fn from(places: Places) -> PlacesItem {
        PlacesItem { capacity: places.capacity, remaining: places.remaining() }
    }
}

/// A session. Times are the hospital's own, `YYYY-MM-DD HH:MM:SS`.
#[derive(Serialize, JsonSchema)]
pub struct SessionItem {
    pub session_id: i64,
    pub doctor_id: i64,
    pub department: Option<String>,
    pub room: Option<String>,
    pub day: String,
    pub period: String,
    pub starts_at: String,
    pub ends_at: String,
    /// When its places online begin to be given out; null for at once.
    pub release_at: Option<String>,
    /// Until when they are; null for until its end.
    pub book_until: Option<String>,
    pub online: PlacesItem,
    pub onsite: PlacesItem,
    pub addon: PlacesItem,
    /// open, stopped or closed.
    pub state: &'static str,
    pub stop_reason: Option<String>,
}

impl From<ClinicSession> for SessionItem {
    fn from(session: ClinicSession) -> SessionItem {
        SessionItem {
            session_id: session.session_id,
            doctor_id: session.doctor_id,
            department: session.department,
            room: session.room,
            day: session.day,
            period: session.period,
            starts_at: session.starts_at,
            ends_at: session.ends_at,
            release_at: session.release_at,
            book_until: session.book_until,
            online: session.online.into(),
            onsite: session.onsite.into(),
            addon: session.addon.into(),
            state: session.state.word(),
            stop_reason: session.stop_reason,
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSessionsParams {
    #[serde(default)]
    pub doctor_id: Option<Id>,
    #[serde(default)]
    pub department: Option<Line<64>>,
    /// Today, where none is given.
    #[serde(default)]
    pub date_from: Option<Date>,
    /// date_from, where none is given; 31 days in all at the most.
    #[serde(default)]
    pub date_to: Option<Date>,
    #[serde(default)]
    pub limit: Limit,
    /// The next_cursor of the page before.
    #[serde(default)]
    pub cursor: Option<Id>,
}

#[derive(Serialize, JsonSchema)]
pub struct SessionList {
    pub items: Vec<SessionItem>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

pub struct ListSessions;

impl Method for ListSessions {
    const NAME: &'static str = "schedule.sessions";
    const SUMMARY: &'static str =
        "Lists sessions and their remaining places, in the order in which they begin.";
    const KIND: Kind = Kind::Read;
    const ERRORS: &'static [Code] = &[];
    type Params = ListSessionsParams;
    type Outcome = SessionList;

    fn run(
        params: ListSessionsParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<SessionList, Problem> {
        let from = params.date_from.map_or_else(|| call.now.day().to_owned(), |day| day.to_string());
        let to = params.date_to.map_or_else(|| from.clone(), |day| day.to_string());
        in_order(&from, &to)?;
        check_range(&from, &to)?;
        let filter = Filter {
            doctor_id: params.doctor_id.map(|Id(id)| id),
            department: params.department.as_deref(),
            from: &from,
            to: &to,
            after: params.cursor.map_or(0, |Id(id)| id),
        };
        let mut items: Vec<SessionItem> = Vec::new();
        clinic_session::list(transaction, &filter, i64::from(params.limit.0) + 1, |found| {
            items.push(found.into());
        })?;
        let next_cursor = cut(&mut items, params.limit, |item| item.session_id);
        Ok(SessionList { items, next_cursor })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddSessionParams {
    pub doctor_id: Id,
    /// What it is called: morning, afternoon, evening or another word.
    pub period: Line<32>,
    /// `YYYY-MM-DD HH:MM`.
    pub starts_at: Line<19>,
    pub ends_at: Line<19>,
    pub capacity_online: i64,
    #[serde(default)]
    pub room: Option<Line<64>>,
    /// The doctor's, where none is given.
    #[serde(default)]
    pub department: Option<Line<64>>,
    #[serde(default)]
    pub capacity_onsite: i64,
    #[serde(default)]
    pub capacity_addon: i64,
    /// When its places online begin to be given out; at once, where none is given.
    #[serde(default)]
    pub release_at: Option<Line<19>>,
    /// Until when they are; until its end, where none is given.
    #[serde(default)]
    pub book_until: Option<Line<19>>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

pub struct AddSession;

impl Method for AddSession {
    const NAME: &'static str = "schedule.add_session";
    const SUMMARY: &'static str = "Makes a session that no template asks for.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::Overlaps, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::Doctor(params.doctor_id.0));
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = AddSessionParams;
    type Outcome = Made;

    fn run(
        params: AddSessionParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Made, Problem> {
        let (starts_at, ends_at) = (time("starts_at", &params.starts_at)?, time("ends_at", &params.ends_at)?);
        let day = starts_at.get(..10).unwrap_or_default().to_owned();
        if starts_at >= ends_at || !ends_at.starts_with(&day) {
            return Err(Problem::invalid("ends_at", "must be after `starts_at`, on the same day"));
        }
        let optional = |field: &str, text: Option<Line<19>>| text.map(|text| time(field, &text)).transpose();
        let new = NewSession {
            doctor_id: params.doctor_id.0,
            department: params.department.map(|department| department.to_string()),
            room: params.room.map(|room| room.to_string()),
            day,
            period: params.period.to_string(),
            starts_at,
            ends_at,
            release_at: optional("release_at", params.release_at)?,
            book_until: optional("book_until", params.book_until)?,
            capacity_online: capacity("capacity_online", params.capacity_online)?,
            capacity_onsite: capacity("capacity_onsite", params.capacity_onsite)?,
            capacity_addon: capacity("capacity_addon", params.capacity_addon)?,
        };
        let id = schedule::add_session(transaction, &new, call.now)?;
        call.changes.sessions.insert(id);
        Ok(Made { id })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GenerateParams {
    /// Only this doctor's.
    #[serde(default)]
    pub doctor_id: Option<Id>,
    /// Makes them from the doctor's work_schedule and max_patients, as old clients know them; doctor_id is given
    /// then.
    #[serde(default)]
    pub from_work_schedule: bool,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

#[derive(Serialize, JsonSchema)]
pub struct Generated {
    /// The sessions that were made; those that were there already are not among them.
    pub session_ids: Vec<i64>,
}

pub struct GenerateSessions;

impl Method for GenerateSessions {
    const NAME: &'static str = "schedule.generate";
    const SUMMARY: &'static str =
        "Makes the sessions of the days ahead from the templates; a second time makes none.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::Conflict, Code::RequestIdReused];
    const SUBJECT: Whom<Self> =
        |params, _, _| Ok(params.doctor_id.map_or(Subject::Nobody, |Id(id)| Subject::Doctor(id)));
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = GenerateParams;
    type Outcome = Generated;

    fn run(
        params: GenerateParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Generated, Problem> {
        let doctor_id = params.doctor_id.map(|Id(id)| id);
        let session_ids = match (doctor_id, params.from_work_schedule) {
            (None, true) => {
                return Err(Problem::invalid("doctor_id", "is needed with `from_work_schedule`"));
            }
            (Some(doctor_id), true) => {
                schedule::generate_from_hours(transaction, doctor_id, &call.rules.release, call.now)?
            }
            (doctor_id, false) => schedule::generate(transaction, doctor_id, &call.rules.release, call.now)?,
        };
        call.changes.sessions.extend(&session_ids);
        Ok(Generated { session_ids })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResizeParams {
    pub session_id: Id,
    #[serde(default)]
    pub capacity_online: Option<i64>,
    #[serde(default)]
    pub capacity_onsite: Option<i64>,
    #[serde(default)]
    pub capacity_addon: Option<i64>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

pub struct ResizeSession;

impl Method for ResizeSession {
    const NAME: &'static str = "schedule.resize_session";
    const SUMMARY: &'static str = "Gives a session more places, or fewer.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] =
        &[Code::NotFound, Code::BadTransition, Code::Conflict, Code::NothingToChange, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject(transaction, params.session_id);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = ResizeParams;
    type Outcome = SessionItem;

    fn run(
        params: ResizeParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<SessionItem, Problem> {
        if [params.capacity_online, params.capacity_onsite, params.capacity_addon].iter().all(Option::is_none)
        {
            return Err(Problem::refused(Code::NothingToChange, "name at least one capacity to change"));
        }
        let optional =
            |field: &str, value: Option<i64>| value.map(|value| capacity(field, value)).transpose();
        let online = optional("capacity_online", params.capacity_online)?;
        let onsite = optional("capacity_onsite", params.capacity_onsite)?;
        let addon = optional("capacity_addon", params.capacity_addon)?;
        let session_id = params.session_id.0;
        let change = &mut change(call, transaction);
        schedule::resize(change, session_id, online, onsite, addon)?;
        clinic_session::by_id(transaction, session_id)?
            .map(Into::into)
            .ok_or_else(|| Problem::not_found("session"))
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopParams {
    pub session_id: Id,
    /// Why; patients are told.
    pub reason: Reason,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

#[derive(Serialize, JsonSchema)]
pub struct Stopped {
    pub session_id: i64,
    /// The appointments that were cancelled; their patients are told, and nobody is penalised.
    pub cancelled_appointments: Vec<i64>,
}

pub struct StopSession;

impl Method for StopSession {
    const NAME: &'static str = "schedule.stop_session";
    const SUMMARY: &'static str =
        "Stops a session because the doctor does not come, and cancels its appointments.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::SessionClosed, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject(transaction, params.session_id);
    const REASON: Said<Self> = |params| Some(&params.reason);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = StopParams;
    type Outcome = Stopped;

    fn run(
        params: StopParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Stopped, Problem> {
        let session_id = params.session_id.0;
        let stopped = booking::stop_session(&mut change(call, transaction), session_id, &params.reason);
        Ok(Stopped { session_id, cancelled_appointments: stopped? })
    }
}
