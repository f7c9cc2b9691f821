//! What becomes of a patient in a bed: moved, handed over, discharged.
//!
//! It never knows how they came in. Invariant: a bed is left on the discharge, not when it is ordered.

use super::{Admission, BED_ERRORS, STEP_ERRORS, subject};
use crate::api::rpc::appointment::change;
use crate::api::rpc::field::{Date, Id, Reason, RequestId, choice};
use crate::api::rpc::problem::Code;
use crate::api::rpc::step::step;
use crate::service::admission;
use schemars::JsonSchema;
use serde::Deserialize;

/// What letting a patient go, and their going, may be refused with.
const LEAVE_ERRORS: &[Code] =
    &[Code::NotFound, Code::BadTransition, Code::DiagnosisMissing, Code::RequestIdReused];

choice! {
    /// Where a patient goes from here.
    pub enum Disposition of admission::Disposition {
        Home,
        Transferred,
        AgainstAdvice,
        Died,
    }
}

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

step!(
    Transfer(TransferParams: admission_id) -> Admission,
    "admission.transfer",
    "Moves a patient to another bed, which may be in another ward.",
    BED_ERRORS,
    |params, call, transaction| {
        let (admission_id, bed_id) = (params.admission_id.0, params.bed_id.0);
        let stay = admission::transfer(&mut change(call, transaction), admission_id, bed_id, &params.reason)?;
        Ok(Admission::for_caller(stay, call))
    }
);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeDoctorParams {
    pub admission_id: Id,
    pub doctor_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

step!(
    ChangeDoctor(ChangeDoctorParams: admission_id) -> Admission,
    "admission.change_doctor",
    "Hands a stay that is not over to another doctor, with its encounter.",
    STEP_ERRORS,
    |params, call, transaction| {
        let stay = admission::change_doctor(&mut change(call, transaction), params.admission_id.0, params.doctor_id.0)?;
        Ok(Admission::for_caller(stay, call))
    }
);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderDischargeParams {
    pub admission_id: Id,
    pub disposition: Disposition,
    /// The day on which they go; from today to 366 days ahead.
    #[serde(default)]
    pub expected_on: Option<Date>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

step!(
    OrderDischarge(OrderDischargeParams: admission_id) -> Admission,
    "admission.order_discharge",
    "Lets a patient go who has a discharge diagnosis; the bed is theirs until the discharge.",
    LEAVE_ERRORS,
    |params, call, transaction| {
        let (disposition, expected_on) = (params.disposition.into(), params.expected_on.as_deref());
        let change = &mut change(call, transaction);
        let stay = admission::order_discharge(change, params.admission_id.0, disposition, expected_on)?;
        Ok(Admission::for_caller(stay, call))
    }
);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoDischargeOrderParams {
    pub admission_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

step!(
    UndoDischargeOrder(UndoDischargeOrderParams: admission_id) -> Admission,
    "admission.undo_discharge_order",
    "Keeps a patient who was to go.",
    &[Code::NotFound, Code::NothingToUndo, Code::RequestIdReused],
    |params, call, transaction| {
        let stay = admission::undo_order(&mut change(call, transaction), params.admission_id.0)?;
        Ok(Admission::for_caller(stay, call))
    }
);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DischargeParams {
    pub admission_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

step!(
    Discharge(DischargeParams: admission_id) -> Admission,
    "admission.discharge",
    "A patient has gone: the stay and its encounter are over, and the bed is to be cleaned.",
    LEAVE_ERRORS,
    |params, call, transaction| {
        let stay = admission::discharge(&mut change(call, transaction), params.admission_id.0)?;
        Ok(Admission::for_caller(stay, call))
    }
);
