//! Steps of a prescription, one method each.
//!
//! It never knows where one may go. Invariant: each gives the prescription as it is afterwards.

use super::{Prescription, found, reachable, subject};
use crate::api::rpc::Detail;
use crate::api::rpc::field::{Id, Reason, RequestId};
use crate::api::rpc::problem::Code;
use crate::api::rpc::step::step;
use crate::service::prescription;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrescriptionParams {
    pub prescription_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndPrescriptionParams {
    pub prescription_id: Id,
    /// Why, which the patient and old clients can read.
    pub reason: Reason,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

const ERRORS: &[Code] = &[Code::NotFound, Code::BadTransition, Code::RequestIdReused];

step!(
    Activate(PrescriptionParams: prescription_id) -> Prescription,
    "prescription.activate",
    "Lets a draft be given out, where nothing new speaks against a line.",
    &[
        Code::NotFound,
        Code::BadTransition,
        Code::NotInProgress,
        Code::Conflict,
        Code::Allergy,
        Code::DuplicateIngredient,
        Code::RequestIdReused
    ],
    |params, call, transaction| {
        prescription::activate(transaction, params.prescription_id.0, call.now)?;
        found(transaction, params.prescription_id.0)
    }
);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DispenseParams {
    pub prescription_id: Id,
    /// Why it is given out although something that is not severe has come up against it since it became active.
    #[serde(default)]
    pub override_reason: Option<Reason>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

step!(
    Dispense(DispenseParams: prescription_id) -> Prescription,
    "prescription.dispense",
    "Says that the patient has got what was prescribed, where nothing new speaks against a line.",
    &[
        Code::NotFound,
        Code::BadTransition,
        Code::Conflict,
        Code::Allergy,
        Code::DuplicateIngredient,
        Code::RequestIdReused
    ],
    |params, call, transaction| {
        let (Id(prescription_id), reason) = (params.prescription_id, params.override_reason.as_deref());
        reachable(call, transaction, prescription_id)?;
        let by = call.actor()?.user_id;
        let is_set_aside =
            prescription::dispense(transaction, prescription_id, reason, by, call.now)?;
        if is_set_aside {
            call.note.detail = Some(Detail::Override);
            call.note.reason = reason.map(str::to_owned);
        }
        found(transaction, prescription_id)
    }
);

step!(
    StopPrescription(EndPrescriptionParams: prescription_id) -> Prescription
        because |params| Some(&params.reason),
    "prescription.stop",
    "Says that what is active or was given out is not to be taken any longer.",
    ERRORS,
    |params, call, transaction| {
        prescription::stop(transaction, params.prescription_id.0, &params.reason, call.now)?;
        found(transaction, params.prescription_id.0)
    }
);

step!(
    CancelPrescription(EndPrescriptionParams: prescription_id) -> Prescription
        because |params| Some(&params.reason),
    "prescription.cancel",
    "Takes back what has not been given out.",
    ERRORS,
    |params, call, transaction| {
        prescription::cancel(transaction, params.prescription_id.0, &params.reason, call.now)?;
        found(transaction, params.prescription_id.0)
    }
);
