//! What becomes of a patient in a bed: moved, handed over, discharged.
//!
//! It never knows how they came in. Invariant: a bed is left on the discharge, not when it is ordered.

use super::{Admission, BED_ERRORS, STEP_ERRORS, refused, subject};
use crate::api::rpc::appointment::change;
use crate::api::rpc::field::{Date, Id, Reason, RequestId};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Subject};
use crate::service::admission;
use crate::service::audit::Action;
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::Deserialize;

/// What letting a patient go, and their going, may be refused with.
const LEAVE_ERRORS: &[Code] =
    &[Code::NotFound, Code::BadTransition, Code::DiagnosisMissing, Code::RequestIdReused];

/// Where a patient goes from here.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    Home,
    Transferred,
    AgainstAdvice,
    Died,
}

impl From<Disposition> for admission::Disposition {
    fn from(disposition: Disposition) -> admission::Disposition {
        match disposition {
            Disposition::Home => admission::Disposition::Home,
            Disposition::Transferred => admission::Disposition::Transferred,
            Disposition::AgainstAdvice => admission::Disposition::AgainstAdvice,
            Disposition::Died => admission::Disposition::Died,
        }
    }
}

pub struct Transfer;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferParams {
    pub admission_id: Id,
    /// A free bed.
    pub bed_id: Id,
    /// Why they are moved.
    pub reason: Reason,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for Transfer {
    const NAME: &'static str = "admission.transfer";
    const SUMMARY: &'static str = "Moves a patient to another bed, which may be in another ward.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = BED_ERRORS;
    type Params = TransferParams;
    type Outcome = Admission;

    fn subject(
        params: &TransferParams,
        _: &Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Subject, Problem> {
        subject(transaction, params.admission_id)
    }

    fn request_id(params: &TransferParams) -> Option<&str> {
        params.request_id.as_deref()
    }

    fn run(
        params: TransferParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Admission, Problem> {
        let (admission_id, bed_id) = (params.admission_id.0, params.bed_id.0);
        admission::transfer(&mut change(call, transaction), admission_id, bed_id, &params.reason)
            .map(Admission::from)
            .map_err(refused)
    }
}

pub struct ChangeDoctor;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeDoctorParams {
    pub admission_id: Id,
    pub doctor_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for ChangeDoctor {
    const NAME: &'static str = "admission.change_doctor";
    const SUMMARY: &'static str = "Hands a stay that is not over to another doctor, with its encounter.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = STEP_ERRORS;
    type Params = ChangeDoctorParams;
    type Outcome = Admission;

    fn subject(
        params: &ChangeDoctorParams,
        _: &Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Subject, Problem> {
        subject(transaction, params.admission_id)
    }

    fn request_id(params: &ChangeDoctorParams) -> Option<&str> {
        params.request_id.as_deref()
    }

    fn run(
        params: ChangeDoctorParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Admission, Problem> {
        admission::change_doctor(&mut change(call, transaction), params.admission_id.0, params.doctor_id.0)
            .map(Admission::from)
            .map_err(refused)
    }
}

pub struct OrderDischarge;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderDischargeParams {
    pub admission_id: Id,
    pub disposition: Disposition,
    /// The day on which they go.
    #[serde(default)]
    pub expected_on: Option<Date>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for OrderDischarge {
    const NAME: &'static str = "admission.order_discharge";
    const SUMMARY: &'static str =
        "Lets a patient go who has a discharge diagnosis; the bed is theirs until the discharge.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = LEAVE_ERRORS;
    type Params = OrderDischargeParams;
    type Outcome = Admission;

    fn subject(
        params: &OrderDischargeParams,
        _: &Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Subject, Problem> {
        subject(transaction, params.admission_id)
    }

    fn request_id(params: &OrderDischargeParams) -> Option<&str> {
        params.request_id.as_deref()
    }

    fn run(
        params: OrderDischargeParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Admission, Problem> {
        let (disposition, expected_on) = (params.disposition.into(), params.expected_on.as_deref());
        let change = &mut change(call, transaction);
        admission::order_discharge(change, params.admission_id.0, disposition, expected_on)
            .map(Admission::from)
            .map_err(refused)
    }
}

pub struct UndoDischargeOrder;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoDischargeOrderParams {
    pub admission_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for UndoDischargeOrder {
    const NAME: &'static str = "admission.undo_discharge_order";
    const SUMMARY: &'static str = "Keeps a patient who was to go.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::NothingToUndo, Code::RequestIdReused];
    type Params = UndoDischargeOrderParams;
    type Outcome = Admission;

    fn subject(
        params: &UndoDischargeOrderParams,
        _: &Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Subject, Problem> {
        subject(transaction, params.admission_id)
    }

    fn request_id(params: &UndoDischargeOrderParams) -> Option<&str> {
        params.request_id.as_deref()
    }

    fn run(
        params: UndoDischargeOrderParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Admission, Problem> {
        admission::undo_order(&mut change(call, transaction), params.admission_id.0)
            .map(Admission::from)
            .map_err(refused)
    }
}

pub struct Discharge;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DischargeParams {
    pub admission_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for Discharge {
    const NAME: &'static str = "admission.discharge";
    const SUMMARY: &'static str =
        "A patient has gone: the stay and its encounter are over, and the bed is to be cleaned.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = LEAVE_ERRORS;
    type Params = DischargeParams;
    type Outcome = Admission;

    fn subject(
        params: &DischargeParams,
        _: &Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Subject, Problem> {
        subject(transaction, params.admission_id)
    }

    fn request_id(params: &DischargeParams) -> Option<&str> {
        params.request_id.as_deref()
    }

    fn run(
        params: DischargeParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Admission, Problem> {
        admission::discharge(&mut change(call, transaction), params.admission_id.0)
            .map(Admission::from)
            .map_err(refused)
    }
}
