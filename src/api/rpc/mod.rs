//! JSON-RPC 2.0, the dialect of everything new: methods with typed parameters and results.
//!
//! It never knows a connection, and does not decide who may call what; it is told (`Who`) and holds a call to
//! it. A method is a type that implements `Method`; the table in `dispatch` lists them. Invariant: parameters
//! are whole and valid, and the caller's right to the person concerned is established, before a method runs.

mod account;
mod allergy;
mod appointment;
mod attachment;
mod attendance;
mod audit;
mod care_list;
mod chat;
mod cursor;
mod department;
mod diagnosis;
mod amount;
mod doctor;
mod drug;
mod admission;
mod encounter;
mod ward;
pub mod envelope;
pub mod event;
mod fhir;
mod field;
mod leave;
pub mod markdown;
mod mask;
mod notice;
mod order;
pub mod openrpc;
mod params;
mod patient;
mod prescription;
pub mod problem;
mod queue;
mod record;
mod report;
mod schedule;
mod session;
mod step;
mod timeline;
mod staff;
mod waitlist;

/// The methods, one type each.
pub mod methods {
    pub use super::account::{
        CreateAccount, DisableAccount, EnableAccount, ListAccounts, RegisterPatient, ResetPassword, SetRole,
        UnlockAccount,
    };
    pub use super::admission::{
        Admit, CancelAdmission, ChangeDoctor, Discharge, GetAdmission, ListAdmissions, OrderDischarge,
        RequestAdmission, ReserveBed, Transfer, UndoDischargeOrder,
    };
    pub use super::allergy::{AddAllergy, ListAllergies, RefuteAllergy, SetAllergySeverity};
    pub use super::appointment::{
        BookAppointment, CancelAppointment, ConfirmAppointment, CorrectNoShow, GetAppointment,
        HoldAppointment, LiftPenalty, ListAppointments, RescheduleAppointment, SetPaid, UndoStep,
    };
    pub use super::attachment::{AddAttachment, ListAttachments, WithdrawAttachment};
    pub use super::attendance::{ClockIn, ClockOut, ListAttendance};
    pub use super::audit::QueryAudit;
    pub use super::chat::{
        AddMember, Block, CloseThread, GetThread, LeaveThread, ListBlocked, ListMessages, ListThreads,
        MarkRead, OldMessages, OpenStaffThread, OpenThread, SendMessage, ThreadsOfPatient, Unblock,
    };
    pub use super::department::{ListDepartments, SetHead};
    pub use super::diagnosis::{
        AddDiagnosis, ListDiagnoses, SearchCodes, SetDiagnosisRank, WithdrawDiagnosis,
    };
    pub use super::doctor::{GetDoctor, ListDoctors, UpdateDoctor};
    pub use super::drug::{GetDrug, SearchDrugs};
    pub use super::encounter::{
        BeginEncounter, CancelEncounter, FinishEncounter, GetEncounter, ListEncounters, OpenEncounter,
        ReopenEncounter,
    };
    pub use super::event::{Subscribe, Unsubscribe};
    pub use super::fhir::ExportPatient;
    pub use super::leave::{ApproveLeave, GetLeave, ListLeaves, RejectLeave, RequestLeave, RevokeLeave};
    pub use super::notice::{ListNotices, NoticesFetched};
    pub use super::openrpc::Discover;
    pub use super::order::{
        AcceptOrder, Acknowledge, AddResult, CancelOrder, CompleteOrder, CriticalResults, GetOrder,
        ListOrders, OrderWorklist, RequestOrder, StartOrder, WithdrawResult,
    };
    pub use super::patient::{BreakGlass, GetPatient, SearchPatients, UpdatePatient};
    pub use super::prescription::{
        Activate, AddLine, CancelPrescription, CreatePrescription, Dispense, GetPrescription,
        ListPrescriptions, RemoveLine, StopPrescription,
    };
    pub use super::queue::{
        AddOn, CallNext, CheckIn, Finish, FollowUp, Leave, ListQueue, QueueBoard, QueueStatus, Recall,
        Return, SetPriority, Skip, Start, UndoCall, WalkIn,
    };
    pub use super::record::{
        AmendRecord, DiscardRecord, EditRecord, GetRecord, ListRecords, SignRecord, WriteRecord,
    };
    pub use super::report::GetReport;
    pub use super::schedule::{
        AddBlock, AddException, AddSession, AddTemplate, EndTemplate, GenerateSessions, ListBlocks,
        ListExceptions, ListSessions as ListClinicSessions, ListTemplates, RemoveBlock, RemoveException,
        ResizeSession, StopSession,
    };
    pub use super::session::{ListSessions, Login, Logout, Resume, Revoke, WhoAmI};
    pub use super::timeline::PatientTimeline;
    pub use super::waitlist::{JoinWaitlist, LeaveWaitlist, ListWaitlist};
    pub use super::ward::{AddBed, AddWard, CloseWard, ListWards, SetBedState, WardBoard};
}

use crate::service::ClinicRules;
use crate::service::access::{self, Actor, Role, Sight};
use crate::service::audit::Action;
use crate::service::changes::Changes;
use crate::service::event::{Audience, Topic};
use crate::service::login::Desk;
use crate::service::memory::Memory;
use crate::service::reply::{self, ReplyKey};
use crate::service::session::Opened;
use crate::service::time::Now;
use crate::store::Transaction;
use problem::{Code, Problem, Refusal};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

/// What the trail calls figures that were counted.
pub const REPORT: &str = "report";

/// Whose data the caller may reach with a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Nobody,
    /// The caller themselves.
    Own,
    /// A doctor's own patients, or those for whom they have broken the glass.
    Treated,
    /// Anyone, for a reason that is recorded.
    WithReason,
    Anyone,
}

/// What a method does to the store, and what of it the trail keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Read,
    /// A read of a patient's data: the trail keeps it where someone else reads.
    ReadPatient,
    Write(Action),
}

/// Whom a call concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Nobody in particular, which is nobody's own.
    Nobody,
    /// Whoever calls.
    Caller,
    Patient(i64),
    Doctor(i64),
    User(i64),
    /// Something between a patient and a doctor, such as an appointment: it is both's own.
    Care {
        /// As the trail names it.
        entity: &'static str,
        entity_id: i64,
        patient_id: i64,
        doctor_id: i64,
    },
    /// Something of a doctor's work, such as a session.
    Work {
        entity: &'static str,
        entity_id: i64,
        /// None where it is nobody's own.
        doctor_id: Option<i64>,
    },
    /// Something that several people share, such as a thread of messages: it is its members' own.
    Shared {
        entity: &'static str,
        entity_id: i64,
        /// Whom it is about.
        patient_id: Option<i64>,
        is_member: bool,
    },
}

/// What was remarkable about a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    Unmasked,
    /// The glass was broken.
    BreakGlass,
    /// A patient was seen because the glass had been broken.
    UnderGlass,
    Search,
    /// The rules about a patient were set aside.
    Override,
    /// Which report, its first day and its last.
    Report(String),
}

impl Detail {
    pub fn text(&self) -> &str {
        match self {
            Detail::Unmasked => "unmasked",
            Detail::BreakGlass => "break-glass",
            Detail::UnderGlass => "under-glass",
            Detail::Search => "search",
            Detail::Override => "override",
            Detail::Report(text) => text,
        }
    }
}

/// What the trail is to say of a call.
#[derive(Debug, Default)]
pub struct Note {
    pub entity: &'static str,
    pub entity_id: Option<i64>,
    pub patient_id: Option<i64>,
    pub reason: Option<String>,
    pub detail: Option<Detail>,
    pub request_id: Option<String>,
    /// Who acted, where that comes out only by the call.
    pub actor_id: Option<i64>,
    /// The caller read their own data; a doctor's appointments are their patients', too.
    pub is_own: bool,
    /// The reply is the one that an earlier call had.
    pub is_repeated: bool,
}

/// What becomes of the connection's login.
#[derive(Debug, Default)]
pub enum Binding {
    #[default]
    Stays,
    To(Opened),
    /// Nobody is logged in, where the call is refused.
    Ends,
}

/// What becomes of what the connection listens to.
#[derive(Debug, Default)]
pub enum Listening {
    #[default]
    Stays,
    /// To these, too.
    To {
        topics: Vec<(Topic, Audience)>,
        /// Of the last event of all.
        sequence: i64,
    },
    NoLongerTo(BTreeSet<Topic>),
}

/// Messages of a thread that someone has got, up to one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    pub thread_id: i64,
    pub user_id: i64,
    pub up_to: i64,
}

/// One call and what its method needs to know.
pub struct Call<'a> {
    pub now: &'a Now,
    pub peer: IpAddr,
    /// The session of this connection.
    pub opened: Option<&'a Opened>,
    pub who: Who,
    pub desk: &'a mut Desk,
    pub memory: &'a mut Memory,
    pub rules: &'a ClinicRules,
    /// The document that describes all methods.
    pub document: &'a RawValue,
    pub reply_key: &'a ReplyKey,
    pub note: Note,
    /// What is to be told to those who listen.
    pub changes: Changes,
    pub binding: Binding,
    /// What this connection listens to.
    pub topics: &'a BTreeSet<Topic>,
    /// After which sequence all events of a topic are kept.
    pub kept_from: &'a HashMap<Topic, i64>,
    /// Whether someone may hear of what concerns such people.
    pub may_hear: fn(&Audience, Option<&Actor>) -> bool,
    pub listening: Listening,
    /// Messages that this call hands out for the first time.
    pub delivered: Option<Delivered>,
    /// True once this call has changed what an account or a session may do.
    pub accounts_changed: bool,
}

impl Call<'_> {
    /// Who calls, for methods that the gate lets nobody else reach.
    pub fn actor(&self) -> Result<&Actor, Problem> {
        self.opened.map(|opened| &opened.actor).ok_or_else(unauthenticated)
    }

    /// The session by which they are known.
    pub fn session_id(&self) -> Result<i64, Problem> {
        self.opened.map(|opened| opened.login_session_id).ok_or_else(unauthenticated)
    }

    /// Whether a doctor who calls may see a patient.
    fn sees(&mut self, transaction: &Transaction<'_>, patient_id: i64) -> Result<bool, Problem> {
        let sight = access::sight(transaction, self.actor()?, patient_id, self.now)?;
        if sight == Sight::UnderGlass {
            self.note.detail = Some(Detail::UnderGlass);
        }
        Ok(sight != Sight::None)
    }

    /// A list of the caller's own has shown what is of these patients: their data, unless they are all the caller.
    fn has_shown(&mut self, patients: impl IntoIterator<Item = i64>) -> Result<(), Problem> {
        let user_id = self.actor()?.user_id;
        self.note.is_own = patients.into_iter().all(|patient_id| patient_id == user_id);
        Ok(())
    }

    /// Whether a doctor who calls may make themself the one who treats a patient. A broken glass lets them see and
    /// write for a while; it would be for ever if it let them do this.
    fn check_taking_on(&self, transaction: &Transaction<'_>, patient_id: i64) -> Result<(), Problem> {
        let is_under_glass = self.note.detail == Some(Detail::UnderGlass);
        if !is_under_glass || access::is_expected(transaction, self.actor()?, patient_id, self.now)? {
            return Ok(());
        }
        Err(Problem::refused(
            Code::Forbidden,
            "a broken glass makes nobody a patient's doctor; the patient needs an appointment of today in your department",
        ))
    }

    /// Who asks that a request be carried out once only.
    fn requester(&self) -> String {
        self.opened.map_or_else(|| self.peer.to_string(), |opened| opened.actor.user_id.to_string())
    }

    /// What is not there looks to a patient as what is somebody else's, so that ids tell them nothing of others.
    fn hide_absence(&self, problem: Problem) -> Problem {
        let is_patient = self.opened.is_some_and(|opened| opened.actor.role == Role::Patient);
        match problem {
            Problem::Refused(refusal)
                if refusal.code == Code::NotFound && is_patient && self.who == Who::Own =>
            {
                forbidden(self.who, Subject::Nobody)
            }
            problem => problem,
        }
    }

    /// Whether the caller may reach whom the call concerns.
    fn admit(
        &mut self,
        transaction: &Transaction<'_>,
        subject: Subject,
        reason: Option<&str>,
    ) -> Result<(), Problem> {
        (self.note.entity, self.note.entity_id) = match subject {
            Subject::Nobody | Subject::Caller => ("", None),
            Subject::Patient(id) => ("patient", Some(id)),
            Subject::Doctor(id) => ("doctor", Some(id)),
            Subject::User(id) => ("account", Some(id)),
            Subject::Care { entity, entity_id, .. }
            | Subject::Work { entity, entity_id, .. }
            | Subject::Shared { entity, entity_id, .. } => (entity, Some(entity_id)),
        };
        if let Subject::Patient(id)
        | Subject::Care { patient_id: id, .. }
        | Subject::Shared { patient_id: Some(id), .. } = subject
        {
            self.note.patient_id = Some(id);
        }
        self.note.reason = reason.map(str::to_owned);
        let user_id = self.opened.map(|opened| opened.actor.user_id);
        let own = match (user_id, subject) {
            (Some(user_id), Subject::Patient(id) | Subject::Doctor(id) | Subject::User(id)) => user_id == id,
            (Some(user_id), Subject::Care { patient_id, doctor_id, .. }) => {
                user_id == patient_id || user_id == doctor_id
            }
            (Some(user_id), Subject::Work { doctor_id, .. }) => Some(user_id) == doctor_id,
            (Some(_), Subject::Shared { is_member, .. }) => is_member,
            (Some(_), Subject::Caller) => true,
            (Some(_), Subject::Nobody) | (None, _) => false,
        };
        // A doctor's own appointments and sessions are about patients.
        self.note.is_own = own
            && match subject {
                Subject::Care { patient_id, .. } => user_id == Some(patient_id),
                Subject::Work { .. } => false,
                _ => true,
            };
        let allowed = match (self.who, subject) {
            (Who::Anyone, _) => true,
            (Who::Nobody, _) => false,
            (Who::Own, _) => own,
            (Who::WithReason, _) => {
                if own || reason.is_some() {
                    return Ok(());
                }
                return Err(Problem::refused(
                    Code::ReasonRequired,
                    "this is allowed with a reason only, which is recorded; give reason",
                ));
            }
            (
                Who::Treated,
                Subject::Patient(id)
                | Subject::Care { patient_id: id, .. }
                | Subject::Shared { patient_id: Some(id), .. },
            ) => own || self.sees(transaction, id)?,
            (Who::Treated, _) => own,
        };
        if allowed { Ok(()) } else { Err(forbidden(self.who, subject)) }
    }
}

fn unauthenticated() -> Problem {
    Refusal::of(Code::Unauthenticated).into()
}

fn forbidden(who: Who, subject: Subject) -> Problem {
    Problem::refused(
        Code::Forbidden,
        match who {
            Who::Treated if matches!(subject, Subject::Work { .. } | Subject::Doctor(_)) => {
                "this is another doctor's"
            }
            Who::Own => "only your own data can be reached with this method",
            Who::Treated => {
                "this patient has no appointment, record or stay with you; in an emergency call patient.break_glass"
            }
            _ => "your role may not call this method",
        },
    )
}

/// Finds out from a method's parameters whom a call concerns.
pub type Whom<M> = fn(&<M as Method>::Params, &Call<'_>, &Transaction<'_>) -> Result<Subject, Problem>;
/// What the parameters of a method say, if they do.
pub type Said<M> = fn(&<M as Method>::Params) -> Option<&str>;

/// One method.
pub trait Method: Sized {
    const NAME: &'static str;
    /// One sentence.
    const SUMMARY: &'static str;
    const KIND: Kind;
    /// Whether a password is proven or stored, which takes a while.
    const HAS_PASSWORD: bool = false;
    /// Whether it reads as much as a turn has time for, so that a batch has one of them at the most.
    const IS_LONG: bool = false;
    /// What it refuses with, beside what any method may.
    const ERRORS: &'static [Code] = &[];
    /// Whom the call concerns; a problem where it names what is not there.
    const SUBJECT: Whom<Self> = |_, _, _| Ok(Subject::Nobody);
    /// Why the call is made, which is recorded.
    const REASON: Said<Self> = |_| None;
    /// The name under which it is carried out once only.
    const REQUEST_ID: Said<Self> = |_| None;
    type Params: for<'de> Deserialize<'de> + JsonSchema;
    type Outcome: Serialize + JsonSchema;

    fn run(
        params: Self::Params,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Self::Outcome, Problem>;
}

/// A method in the table.
pub struct Entry {
    pub name: &'static str,
    pub summary: &'static str,
    pub kind: Kind,
    pub has_password: bool,
    pub is_long: bool,
    pub errors: &'static [Code],
    pub(super) params: fn(&mut SchemaGenerator) -> Schema,
    pub(super) outcome: fn(&mut SchemaGenerator) -> Schema,
    pub run: Run,
}

/// Reads parameters, does what a method does, and appends the JSON of its result.
pub type Run = fn(&mut Call<'_>, &Transaction<'_>, Option<&RawValue>, &mut Vec<u8>) -> Result<(), Problem>;

/// A method's line in the table.
pub const fn entry<M: Method>() -> Entry {
    Entry {
        name: M::NAME,
        summary: M::SUMMARY,
        kind: M::KIND,
        has_password: M::HAS_PASSWORD,
        is_long: M::IS_LONG,
        errors: M::ERRORS,
        params: <M::Params as JsonSchema>::json_schema,
        outcome: SchemaGenerator::subschema_for::<M::Outcome>,
        run: run::<M>,
    }
}

fn run<M: Method>(
    call: &mut Call<'_>,
    transaction: &Transaction<'_>,
    json: Option<&RawValue>,
    output: &mut Vec<u8>,
) -> Result<(), Problem> {
    let params: M::Params = params::read(json)?;
    let subject = (M::SUBJECT)(&params, call, transaction).map_err(|problem| call.hide_absence(problem))?;
    let admitted = call.admit(transaction, subject, (M::REASON)(&params));
    let Some(request_id) = (M::REQUEST_ID)(&params).map(str::to_owned) else {
        admitted?;
        envelope::write_json(&M::run(params, call, transaction)?, output);
        return Ok(());
    };
    call.note.request_id = Some(request_id.clone());
    let requester = call.requester();
    let request = reply::Request {
        requester: &requester,
        request_id: &request_id,
        method: M::NAME,
        params: json.map_or("", RawValue::get),
    };
    let earlier = reply::find(transaction, call.reply_key, &request, call.now)?;
    // Who hands something over may not do so once more, but is told again what came of it.
    if !matches!(earlier, reply::Earlier::Same(_)) {
        admitted?;
    }
    match earlier {
        reply::Earlier::None => {}
        reply::Earlier::Same(text) => {
            call.note.is_repeated = true;
            output.extend_from_slice(text.as_bytes());
            return Ok(());
        }
        reply::Earlier::Other => {
            return Err(Problem::refused(
                Code::RequestIdReused,
                "this request_id was used for another request in the last 24 hours",
            ));
        }
    }
    let text = serde_json::to_string(&M::run(params, call, transaction)?)
        .map_err(|error| Problem::Internal(error.to_string()))?;
    reply::keep(transaction, call.reply_key, &request, &text, call.now)?;
    output.extend_from_slice(text.as_bytes());
    Ok(())
}

/// Cuts a list that was asked for one item more than it may have. Returns where the next page begins.
fn cut<T, K>(items: &mut Vec<T>, field::Limit(limit): field::Limit, key: impl Fn(&T) -> K) -> Option<K> {
    let limit = limit as usize;
    if items.len() <= limit {
        return None;
    }
    items.truncate(limit);
    items.last().map(key)
}
