//! Threads that are opened and closed, and who belongs to one.
//!
//! It never knows a message. Invariant: the patient and the doctor of a visit open its thread, and nobody else.

use super::{ENTITY, Thread, ThreadSubject, Wanted, subject, thread};
use crate::api::rpc::field::{Id, RequestId};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Said, Subject, Whom};
use crate::service::audit::Action;
use crate::service::chat::{self, MEMBERS_MAX, Visit};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::Deserialize;

pub struct OpenThread;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenThreadParams {
    /// What it is about; of a thread that is there already, it stays.
    pub subject: ThreadSubject,
    /// The visit, by its appointment or its encounter.
    #[serde(default)]
    pub appointment_id: Option<Id>,
    #[serde(default)]
    pub encounter_id: Option<Id>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl OpenThreadParams {
    fn visit(&self) -> Result<Visit, Problem> {
        match (self.appointment_id, self.encounter_id) {
            (Some(Id(id)), None) => Ok(Visit::Appointment(id)),
            (None, Some(Id(id))) => Ok(Visit::Encounter(id)),
            _ => Err(Problem::invalid("appointment_id", "give one of `appointment_id` and `encounter_id`")),
        }
    }
}

impl Method for OpenThread {
    const NAME: &'static str = "chat.open";
    const SUMMARY: &'static str =
        "Opens the thread of the patient and the doctor of a visit, or gives the one that is there.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] =
        &[Code::NotFound, Code::Conflict, Code::ThreadClosed, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, transaction| {
        let visit = params.visit()?;
        let (entity, entity_id) = match visit {
            Visit::Appointment(id) => ("appointment", id),
            Visit::Encounter(id) => ("encounter", id),
        };
        let found = chat::between(transaction, visit)?;
        Ok(Subject::Care { entity, entity_id, patient_id: found.patient_id, doctor_id: found.doctor_id })
    };
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = OpenThreadParams;
    type Outcome = Thread;

    fn run(
        params: OpenThreadParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Thread, Problem> {
        let (visit, opener_id) = (params.visit()?, call.actor()?.user_id);
        let (rules, changes) = (&call.rules.chat, &mut call.changes);
        let thread_id = chat::open(transaction, visit, opener_id, &params.subject, rules, changes, call.now)?;
        (call.note.entity, call.note.entity_id) = (ENTITY, Some(thread_id));
        thread(transaction, call, thread_id)
    }
}

pub struct OpenStaffThread;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenStaffThreadParams {
    pub subject: ThreadSubject,
    /// User ids of people who work here; with whoever opens it at most 20.
    #[schemars(length(max = 20))]
    pub members: Vec<Id>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for OpenStaffThread {
    const NAME: &'static str = "chat.open_staff";
    const SUMMARY: &'static str = "Opens a thread among people who work here.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::Conflict, Code::Disabled, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |_, _, _| Ok(Subject::Caller);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = OpenStaffThreadParams;
    type Outcome = Thread;

    fn run(
        params: OpenStaffThreadParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Thread, Problem> {
        if params.members.len() > MEMBERS_MAX {
            return Err(Problem::invalid("members", format!("must be at most {MEMBERS_MAX} ids")));
        }
        let members: Vec<i64> = params.members.iter().map(|Id(id)| *id).collect();
        let opener_id = call.actor()?.user_id;
        let thread_id =
            chat::open_staff(transaction, opener_id, &params.subject, &members, &mut call.changes, call.now)?;
        (call.note.entity, call.note.entity_id) = (ENTITY, Some(thread_id));
        thread(transaction, call, thread_id)
    }
}

pub struct AddMember;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddMemberParams {
    pub thread_id: Id,
    pub user_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for AddMember {
    const NAME: &'static str = "chat.add_member";
    const SUMMARY: &'static str =
        "Takes someone into a thread of the staff to which one belongs; they read it from its beginning.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] =
        &[Code::NotFound, Code::Conflict, Code::Disabled, Code::ThreadClosed, Code::RequestIdReused];
    const SUBJECT: Whom<Self> =
        |params, call, transaction| subject(transaction, call, params.thread_id, Wanted::Write);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = AddMemberParams;
    type Outcome = Thread;

    fn run(
        params: AddMemberParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Thread, Problem> {
        let (Id(thread_id), Id(user_id)) = (params.thread_id, params.user_id);
        let (rules, changes) = (&call.rules.chat, &mut call.changes);
        chat::add_member(transaction, thread_id, user_id, rules, changes, call.now)?;
        thread(transaction, call, thread_id)
    }
}

/// A thread, and a key for a request that comes again.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThreadParams {
    pub thread_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

pub struct LeaveThread;

impl Method for LeaveThread {
    const NAME: &'static str = "chat.leave";
    const SUMMARY: &'static str =
        "Leaves a thread of the staff; what was written until then can still be read.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::Conflict, Code::RequestIdReused];
    const SUBJECT: Whom<Self> =
        |params, call, transaction| subject(transaction, call, params.thread_id, Wanted::Write);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = ThreadParams;
    type Outcome = Thread;

    fn run(
        params: ThreadParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Thread, Problem> {
        let (Id(thread_id), user_id) = (params.thread_id, call.actor()?.user_id);
        chat::leave(transaction, thread_id, user_id, &mut call.changes, call.now)?;
        thread(transaction, call, thread_id)
    }
}

pub struct CloseThread;

impl Method for CloseThread {
    const NAME: &'static str = "chat.close";
    const SUMMARY: &'static str = "Closes a thread, of a patient by the doctor, of the staff by whoever opened it; it can still be read.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::BadTransition, Code::RequestIdReused];
    const SUBJECT: Whom<Self> =
        |params, call, transaction| subject(transaction, call, params.thread_id, Wanted::Close);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = ThreadParams;
    type Outcome = Thread;

    fn run(
        params: ThreadParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Thread, Problem> {
        let (rules, changes) = (&call.rules.chat, &mut call.changes);
        let closed = chat::close(transaction, params.thread_id.0, rules, changes, call.now)?;
        Ok(Thread::of(closed, call))
    }
}
