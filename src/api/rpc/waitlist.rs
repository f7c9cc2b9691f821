//! `waitlist.*`: waiting for a place in a session that is full.
//!
//! It never knows when a place becomes free. Invariant: an entry is its patient's.

use super::appointment::change;
use super::field::{Id, RequestId};
use super::problem::{Code, Problem, Refusal};
use super::{Call, Kind, Method, Said, Subject, Whom};
use crate::service::audit::Action;
use crate::service::waitlist::{self, Entry, WaitRefusal};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A patient's entries that are listed.
const LISTED_MAX: i64 = 100;

impl From<WaitRefusal> for Problem {
    fn from(refusal: WaitRefusal) -> Problem {
        match refusal {
            WaitRefusal::Booking(refusal) => return refusal.into(),
            WaitRefusal::UnknownSession => return Problem::not_found("session"),
            WaitRefusal::UnknownPatient => return Problem::not_found("patient"),
            WaitRefusal::UnknownEntry => return Problem::not_found("entry"),
            WaitRefusal::NotWaitable => Refusal::of(Code::SessionClosed),
            WaitRefusal::HasPlaces { remaining } => Refusal::of(Code::HasPlaces).with("remaining", remaining),
            WaitRefusal::AlreadyWaiting { entry_id } => {
                Refusal::of(Code::AlreadyWaiting).with("entry_id", entry_id)
            }
        }
        .into()
    }
}

/// A patient who waits, or has waited.
#[derive(Serialize, JsonSchema)]
pub struct WaitlistEntry {
    pub entry_id: i64,
    pub session_id: i64,
    pub patient_id: i64,
    /// waiting, offered, accepted, expired, left or passed.
    pub state: String,
    /// The place that is offered; confirm it with appointment.confirm.
    pub appointment_id: Option<i64>,
    /// In milliseconds since 1970, UTC.
    pub joined_ms: i64,
}

impl From<Entry> for WaitlistEntry {
    fn from(entry: Entry) -> WaitlistEntry {
        WaitlistEntry {
            entry_id: entry.entry_id,
            session_id: entry.session_id,
            patient_id: entry.patient_id,
            state: entry.state,
            appointment_id: entry.appointment_id,
            joined_ms: entry.joined_ms,
        }
    }
}

pub struct JoinWaitlist;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinParams {
    pub session_id: Id,
    pub patient_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

#[derive(Serialize, JsonSchema)]
pub struct Joined {
    pub entry_id: i64,
    /// How many wait before this patient.
    pub before: i64,
}

impl Method for JoinWaitlist {
    const NAME: &'static str = "waitlist.join";
    const SUMMARY: &'static str = "Waits for a place in a session that is full.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] = &[
        Code::NotFound,
        Code::HasPlaces,
        Code::AlreadyWaiting,
        Code::SessionStopped,
        Code::SessionClosed,
        Code::PatientBusy,
        Code::LimitReached,
        Code::Penalised,
        Code::RequestIdReused,
    ];
    const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::Patient(params.patient_id.0));
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = JoinParams;
    type Outcome = Joined;

    fn run(
        params: JoinParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Joined, Problem> {
        let (entry_id, before) =
            waitlist::join(&mut change(call, transaction), params.session_id.0, params.patient_id.0)?;
        (call.note.entity, call.note.entity_id) = ("waitlist", Some(entry_id));
        Ok(Joined { entry_id, before })
    }
}

pub struct LeaveWaitlist;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveParams {
    pub entry_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for LeaveWaitlist {
    const NAME: &'static str = "waitlist.leave";
    const SUMMARY: &'static str = "Waits no longer; a place that was offered goes to the next.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::RequestIdReused];
    const SUBJECT: Whom<Self> =
        |params, _, transaction| match waitlist::by_id(transaction, params.entry_id.0)? {
            Some(entry) => Ok(Subject::Patient(entry.patient_id)),
            None => Err(Problem::not_found("entry")),
        };
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = LeaveParams;
    type Outcome = WaitlistEntry;

    fn run(
        params: LeaveParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<WaitlistEntry, Problem> {
        let by = call.actor()?.role.into();
        waitlist::leave(&mut change(call, transaction), params.entry_id.0, by)?;
        waitlist::by_id(transaction, params.entry_id.0)?
            .map(Into::into)
            .ok_or_else(|| Problem::not_found("entry"))
    }
}

pub struct ListWaitlist;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListWaitlistParams {
    pub patient_id: Id,
}

#[derive(Serialize, JsonSchema)]
pub struct WaitlistEntries {
    pub items: Vec<WaitlistEntry>,
}

impl Method for ListWaitlist {
    const NAME: &'static str = "waitlist.list";
    const SUMMARY: &'static str = "Lists what a patient waits for, or has waited for lately.";
    const KIND: Kind = Kind::ReadPatient;
    const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::Patient(params.patient_id.0));
    type Params = ListWaitlistParams;
    type Outcome = WaitlistEntries;

    fn run(
        params: ListWaitlistParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<WaitlistEntries, Problem> {
        let mut items = Vec::new();
        waitlist::of_patient(transaction, params.patient_id.0, LISTED_MAX, |entry| items.push(entry.into()))?;
        Ok(WaitlistEntries { items })
    }
}
