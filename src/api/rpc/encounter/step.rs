//! Steps of an encounter, one method each.
//!
//! It never knows where an encounter may go. Invariant: each gives the encounter as it is afterwards.

use super::{Encounter, subject};
use crate::api::rpc::field::{Id, Reason, RequestId};
use crate::api::rpc::problem::Code;
use crate::api::rpc::step::step;
use crate::service::encounter;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepParams {
    pub encounter_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonedStepParams {
    pub encounter_id: Id,
    /// Why, which is recorded.
    pub reason: Reason,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

step!(
    BeginEncounter(StepParams: encounter_id) -> Encounter,
    "encounter.begin",
    "Begins a visit or a stay that was planned.",
    &[Code::NotFound, Code::BadTransition, Code::RequestIdReused],
    |params, call, transaction| Ok(encounter::begin(transaction, params.encounter_id.0, call.now)?.into())
);

step!(
    FinishEncounter(StepParams: encounter_id) -> Encounter,
    "encounter.finish",
    "Ends a visit: all of it is signed, and what was written or prescribed has its principal diagnosis.",
    &[
        Code::NotFound,
        Code::BadTransition,
        Code::UnsignedNotes,
        Code::DraftPrescriptions,
        Code::DiagnosisMissing,
        Code::StayGoesOn,
        Code::RequestIdReused
    ],
    |params, call, transaction| Ok(encounter::finish(transaction, params.encounter_id.0, call.now)?.into())
);

step!(
    CancelEncounter(ReasonedStepParams: encounter_id) -> Encounter
        because |params| Some(&params.reason),
    "encounter.cancel",
    "Takes a visit for one that never was, as long as nothing of it is signed, diagnosed, prescribed or asked for.",
    &[Code::NotFound, Code::BadTransition, Code::StayGoesOn, Code::AlreadySigned, Code::RequestIdReused],
    |params, call, transaction| Ok(encounter::cancel(
        transaction,
        params.encounter_id.0,
        &params.reason,
        call.now
    )?.into())
);

step!(
    ReopenEncounter(ReasonedStepParams: encounter_id) -> Encounter
        because |params| Some(&params.reason),
    "encounter.reopen",
    "Goes on with a visit that was finished, to write what was forgotten.",
    &[Code::NotFound, Code::BadTransition, Code::RequestIdReused],
    |params, _, transaction| Ok(encounter::reopen(transaction, params.encounter_id.0)?.into())
);
