//! Coming into the queue: checked in, at the desk, for a second time, or let in by the doctor.
//!
//! It never knows how a number is given. Invariant: each of these gives a ticket, but an add-on, whose patient
//! checks in as everyone does.

use super::super::appointment::{self, change};
use super::super::field::{Fee, Id, Reason, RequestId};
use super::super::problem::{Code, Problem};
use super::super::{Call, Kind, Method, Said, Subject, Whom};
use super::{Ticket, subject_of_session};
use crate::service::audit::Action;
use crate::service::queue::{self, NewAddOn, NewFollowUp, NewWalkIn};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub struct CheckIn;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckInParams {
    pub appointment_id: Id,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for CheckIn {
    const NAME: &'static str = "queue.check_in";
    const SUMMARY: &'static str =
        "Says that the patient of an appointment has come, and gives them a ticket.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] = &[
        Code::NotFound,
        Code::BadTransition,
        Code::NotToday,
        Code::TooEarly,
        Code::TooLate,
        Code::SessionStopped,
        Code::SessionClosed,
        Code::ReasonRequired,
        Code::RequestIdReused,
    ];
    const SUBJECT: Whom<Self> =
        |params, _, transaction| appointment::subject(transaction, params.appointment_id);
    const REASON: Said<Self> = |params| params.reason.as_deref();
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = CheckInParams;
    type Outcome = Ticket;

    fn run(
        params: CheckInParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Ticket, Problem> {
        let rules = &call.rules.queue;
        let ticket = queue::check_in(&mut change(call, transaction), rules, params.appointment_id.0);
        Ok(ticket?.into())
    }
}

pub struct WalkIn;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WalkInParams {
    pub session_id: Id,
    pub patient_id: Id,
    /// The fee of the visit, in fen, if it is not the doctor's.
    #[serde(default)]
    pub fee_fen: Option<Fee>,
    #[serde(default)]
    pub is_paid: bool,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for WalkIn {
    const NAME: &'static str = "appointment.walk_in";
    const SUMMARY: &'static str =
        "Takes a place at the desk for a patient who is there, and gives them a ticket.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] = &[
        Code::NotFound,
        Code::NotToday,
        Code::SessionFull,
        Code::BookingOver,
        Code::SessionStopped,
        Code::SessionClosed,
        Code::PatientBusy,
        Code::LimitReached,
        Code::ReasonRequired,
        Code::RequestIdReused,
    ];
    const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::Patient(params.patient_id.0));
    const REASON: Said<Self> = |params| params.reason.as_deref();
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = WalkInParams;
    type Outcome = Ticket;

    fn run(
        params: WalkInParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Ticket, Problem> {
        let new = NewWalkIn {
            session_id: params.session_id.0,
            patient_id: params.patient_id.0,
            fee_fen: params.fee_fen.map(|Fee(fee)| fee),
            is_paid: params.is_paid,
        };
        Ok(queue::walk_in(&mut change(call, transaction), &new)?.into())
    }
}

pub struct FollowUp;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUpParams {
    /// The appointment of today that is followed.
    pub origin_id: Id,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for FollowUp {
    const NAME: &'static str = "appointment.follow_up";
    const SUMMARY: &'static str =
        "Gives a patient who was seen today a ticket for coming to the doctor again, which takes no place.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] = &[
        Code::NotFound,
        Code::NotCompleted,
        Code::NotToday,
        Code::LimitReached,
        Code::SessionClosed,
        Code::ReasonRequired,
        Code::RequestIdReused,
    ];
    const SUBJECT: Whom<Self> = |params, _, transaction| appointment::subject(transaction, params.origin_id);
    const REASON: Said<Self> = |params| params.reason.as_deref();
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = FollowUpParams;
    type Outcome = Ticket;

    fn run(
        params: FollowUpParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Ticket, Problem> {
        let new = NewFollowUp { origin_id: params.origin_id.0 };
        Ok(queue::follow_up(&mut change(call, transaction), &new)?.into())
    }
}

pub struct AddOn;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddOnParams {
    pub session_id: Id,
    pub patient_id: Id,
    /// Why; it is recorded.
    pub reason: Reason,
    /// The fee of the visit, in fen, if it is not the doctor's.
    #[serde(default)]
    pub fee_fen: Option<Fee>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

/// A place beyond the plan.
#[derive(Serialize, JsonSchema)]
pub struct AddedOn {
    pub appointment_id: i64,
    pub session_id: i64,
    pub patient_id: i64,
    /// Counts the appointments of the doctor's day.
    pub queue_number: i64,
    /// About when the patient is seen, `YYYY-MM-DD HH:MM:SS` in the hospital's own time.
    pub starts_at: String,
    /// How many such places are left.
    pub remaining: i64,
}

impl Method for AddOn {
    const NAME: &'static str = "appointment.add_on";
    const SUMMARY: &'static str =
        "Books a place beyond the plan in the doctor's own session; the patient checks in as everyone does.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] = &[
        Code::NotFound,
        Code::SessionFull,
        Code::BookingOver,
        Code::SessionStopped,
        Code::SessionClosed,
        Code::PatientBusy,
        Code::LimitReached,
        Code::RequestIdReused,
    ];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject_of_session(transaction, params.session_id);
    const REASON: Said<Self> = |params| Some(&params.reason);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = AddOnParams;
    type Outcome = AddedOn;

    fn run(
        params: AddOnParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<AddedOn, Problem> {
        let patient_id = params.patient_id.0;
        call.note.patient_id = Some(patient_id);
        let new = NewAddOn {
            session_id: params.session_id.0,
            patient_id,
            fee_fen: params.fee_fen.map(|Fee(fee)| fee),
            reason: params.reason.to_string(),
        };
        let added = queue::add_on(&mut change(call, transaction), new)?;
        Ok(AddedOn {
            appointment_id: added.placed.appointment_id,
            session_id: added.session.session_id,
            patient_id,
            queue_number: added.placed.queue_number,
            starts_at: added.placed.time,
            // The session was read before its place was taken.
            remaining: (added.session.addon.remaining() - 1).max(0),
        })
    }
}
