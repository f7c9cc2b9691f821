//! Steps that an appointment takes.
//!
//! It never gives out a place but in moving. Invariant: the reply is the appointment as it stands after the step.

use super::{Appointment, MOVING_ERRORS, change, found, refused_place, subject};
use crate::api::rpc::field::{Fee, Id, Reason, RequestId};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Said, Subject, Whom};
use crate::service::access::Role;
use crate::service::audit::Action;
use crate::service::{booking, patient};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppointmentParams {
    pub appointment_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

pub struct ConfirmAppointment;

impl Method for ConfirmAppointment {
    const NAME: &'static str = "appointment.confirm";
    const SUMMARY: &'static str = "Makes a hold, or a place that was offered, an appointment.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] =
        &[Code::NotFound, Code::HoldExpired, Code::BadTransition, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject(transaction, params.appointment_id);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = AppointmentParams;
    type Outcome = Appointment;

    fn run(
        params: AppointmentParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Appointment, Problem> {
        booking::confirm(&mut change(call, transaction), params.appointment_id.0)?;
        found(transaction, params.appointment_id)
    }
}

pub struct CancelAppointment;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelParams {
    pub appointment_id: Id,
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for CancelAppointment {
    const NAME: &'static str = "appointment.cancel";
    const SUMMARY: &'static str =
        "Cancels an appointment; its place is free at once. Once more changes nothing.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] =
        &[Code::NotFound, Code::TooLate, Code::BadTransition, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject(transaction, params.appointment_id);
    const REASON: Said<Self> = |params| params.reason.as_deref();
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = CancelParams;
    type Outcome = Appointment;

    fn run(
        params: CancelParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Appointment, Problem> {
        let by = call.actor()?.role.into();
        let reason = params.reason.as_deref();
        booking::cancel(&mut change(call, transaction), params.appointment_id.0, by, reason)?;
        found(transaction, params.appointment_id)
    }
}

pub struct RescheduleAppointment;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RescheduleParams {
    pub appointment_id: Id,
    /// The session that it is moved to.
    pub session_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for RescheduleAppointment {
    const NAME: &'static str = "appointment.reschedule";
    const SUMMARY: &'static str =
        "Moves an appointment to another session; where that has no place, it stays.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = MOVING_ERRORS;
    const SUBJECT: Whom<Self> = |params, _, transaction| subject(transaction, params.appointment_id);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = RescheduleParams;
    type Outcome = Appointment;

    fn run(
        params: RescheduleParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Appointment, Problem> {
        let (appointment_id, session_id) = (params.appointment_id.0, params.session_id.0);
        let by = call.actor()?.role.into();
        let moved = booking::reschedule(&mut change(call, transaction), appointment_id, session_id, by);
        moved.map_err(|failure| refused_place(failure, session_id, call, transaction))?;
        found(transaction, params.appointment_id)
    }
}

pub struct UndoStep;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoParams {
    pub appointment_id: Id,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for UndoStep {
    const NAME: &'static str = "appointment.undo";
    const SUMMARY: &'static str = "Takes back that an appointment was cancelled or its patient left, within minutes, by whoever did it.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[
        Code::NotFound,
        Code::NothingToUndo,
        Code::SessionFull,
        Code::SessionStopped,
        Code::SessionClosed,
        Code::PatientBusy,
        Code::LimitReached,
        Code::ReasonRequired,
        Code::RequestIdReused,
    ];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject(transaction, params.appointment_id);
    const REASON: Said<Self> = |params| params.reason.as_deref();
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = UndoParams;
    type Outcome = Appointment;

    fn run(
        params: UndoParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Appointment, Problem> {
        let may_all = call.actor()?.role == Role::Admin;
        booking::undo(&mut change(call, transaction), params.appointment_id.0, may_all)?;
        found(transaction, params.appointment_id)
    }
}

pub struct CorrectNoShow;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectNoShowParams {
    pub appointment_id: Id,
    /// Whether the patient has come and was seen; else the appointment is cancelled without their fault.
    pub has_come: bool,
    /// Why; it is recorded.
    pub reason: Reason,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for CorrectNoShow {
    const NAME: &'static str = "appointment.correct_no_show";
    const SUMMARY: &'static str =
        "Corrects that a patient did not come; it counts no longer, and a penalty that rests on it ends.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::BadTransition, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject(transaction, params.appointment_id);
    const REASON: Said<Self> = |params| Some(&params.reason);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = CorrectNoShowParams;
    type Outcome = Appointment;

    fn run(
        params: CorrectNoShowParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Appointment, Problem> {
        let (appointment_id, change) = (params.appointment_id.0, &mut change(call, transaction));
        booking::correct_no_show(change, appointment_id, params.has_come, &params.reason)?;
        found(transaction, params.appointment_id)
    }
}

pub struct SetPaid;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPaidParams {
    pub appointment_id: Id,
    pub is_paid: bool,
    /// The fee of the visit, in fen, if it is another one.
    #[serde(default)]
    pub fee_fen: Option<Fee>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for SetPaid {
    const NAME: &'static str = "appointment.set_paid";
    const SUMMARY: &'static str = "Notes that a fee was paid, or was not.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::Conflict, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject(transaction, params.appointment_id);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = SetPaidParams;
    type Outcome = Appointment;

    fn run(
        params: SetPaidParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Appointment, Problem> {
        let (appointment_id, change) = (params.appointment_id.0, &mut change(call, transaction));
        booking::set_paid(change, appointment_id, params.fee_fen.map(|Fee(fee)| fee), params.is_paid)?;
        found(transaction, params.appointment_id)
    }
}

pub struct LiftPenalty;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LiftPenaltyParams {
    pub patient_id: Id,
    pub reason: Reason,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

#[derive(Serialize, JsonSchema)]
pub struct PenaltyState {
    pub patient_id: i64,
    /// Whether there was one.
    pub was_blocked: bool,
}

impl Method for LiftPenalty {
    const NAME: &'static str = "appointment.lift_penalty";
    const SUMMARY: &'static str = "Lets a patient who did not come too often book online again.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::Patient(params.patient_id.0));
    const REASON: Said<Self> = |params| Some(&params.reason);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = LiftPenaltyParams;
    type Outcome = PenaltyState;

    fn run(
        params: LiftPenaltyParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<PenaltyState, Problem> {
        let (by, patient_id) = (call.actor()?.user_id, params.patient_id.0);
        if patient::by_id(transaction, patient_id, |_| ())?.is_none() {
            return Err(Problem::not_found("patient"));
        }
        let was_blocked = booking::lift_penalty(transaction, patient_id, by, &params.reason, call.now)?;
        Ok(PenaltyState { patient_id, was_blocked })
    }
}
