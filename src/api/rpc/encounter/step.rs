//! Steps of an encounter, one method each.
//!
//! It never knows where an encounter may go. Invariant: each gives the encounter as it is afterwards.

use super::{Encounter, refused, subject};
use crate::api::rpc::field::{Id, Reason, RequestId};
use crate::api::rpc::problem::{Code, Problem};
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

/// The encounter as it is after a step.
fn told(outcome: encounter::Outcome<encounter::Encounter>) -> Result<Encounter, Problem> {
    outcome.map(Encounter::from).map_err(refused)
}

step!(
    BeginEncounter(StepParams: encounter_id) -> Encounter,
    "encounter.begin",
    "Begins a visit or a stay that was planned.",
    &[Code::NotFound, Code::BadTransition, Code::RequestIdReused],
    |params, call, transaction| told(encounter::begin(transaction, params.encounter_id.0, call.now))
);

step!(
    FinishEncounter(StepParams: encounter_id) -> Encounter,
    "encounter.finish",
    "Ends a visit: all of it is signed, and what was written or prescribed has its principal diagnosis.",
    &[
        Code::NotFound,
        Code::BadTransition,
        Code::UnsignedNotes,
        Code::DiagnosisMissing,
        Code::StayGoesOn,
        Code::RequestIdReused
    ],
    |params, call, transaction| told(encounter::finish(transaction, params.encounter_id.0, call.now))
);

step!(
    CancelEncounter(ReasonedStepParams: encounter_id) -> Encounter
        because |params| Some(&params.reason),
    "encounter.cancel",
    "Takes a visit for one that never was, as long as nothing of it is signed, prescribed or asked for.",
    &[Code::NotFound, Code::BadTransition, Code::StayGoesOn, Code::AlreadySigned, Code::RequestIdReused],
    |params, call, transaction| told(encounter::cancel(
        transaction,
        params.encounter_id.0,
        &params.reason,
        call.now
    ))
);

step!(
    ReopenEncounter(ReasonedStepParams: encounter_id) -> Encounter
        because |params| Some(&params.reason),
    "encounter.reopen",
    "Goes on with a visit that was finished, to write what was forgotten.",
    &[Code::NotFound, Code::BadTransition, Code::RequestIdReused],
    |params, _, transaction| told(encounter::reopen(transaction, params.encounter_id.0))
);
