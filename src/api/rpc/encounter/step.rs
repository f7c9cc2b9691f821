//! Steps of an encounter, one method each.
//!
//! It never knows where an encounter may go. Invariant: each gives the encounter as it is afterwards.

use super::{Encounter, refused, subject};
use crate::api::rpc::field::{Id, Reason, RequestId};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Subject};
use crate::service::audit::Action;
use crate::service::encounter;
use crate::store::Transaction;
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

/// Why a step is taken, where its caller has to say.
trait Why {
    fn why(&self) -> Option<&str>;
}

impl Why for StepParams {
    fn why(&self) -> Option<&str> {
        None
    }
}

impl Why for ReasonedStepParams {
    fn why(&self) -> Option<&str> {
        Some(&self.reason)
    }
}

/// A method that moves one encounter.
macro_rules! step {
    ($method:ident($params:ident), $name:literal, $summary:literal, $errors:expr, $run:expr) => {
        pub struct $method;

        impl Method for $method {
            const NAME: &'static str = $name;
            const SUMMARY: &'static str = $summary;
            const KIND: Kind = Kind::Write(Action::Update);
            const ERRORS: &'static [Code] = $errors;
            type Params = $params;
            type Outcome = Encounter;

            fn subject(
                params: &$params,
                _: &Call<'_>,
                transaction: &Transaction<'_>,
            ) -> Result<Subject, Problem> {
                subject(transaction, params.encounter_id)
            }

            fn reason(params: &$params) -> Option<&str> {
                params.why()
            }

            fn request_id(params: &$params) -> Option<&str> {
                params.request_id.as_deref()
            }

            fn run(
                params: $params,
                call: &mut Call<'_>,
                transaction: &Transaction<'_>,
            ) -> Result<Encounter, Problem> {
                let step: fn(
                    &$params,
                    &mut Call<'_>,
                    &Transaction<'_>,
                ) -> encounter::Outcome<encounter::Encounter> = $run;
                step(&params, call, transaction).map(Encounter::from).map_err(refused)
            }
        }
    };
}

step!(
    BeginEncounter(StepParams),
    "encounter.begin",
    "Begins a visit or a stay that was planned.",
    &[Code::NotFound, Code::BadTransition, Code::RequestIdReused],
    |params, call, transaction| encounter::begin(transaction, params.encounter_id.0, call.now)
);

step!(
    FinishEncounter(StepParams),
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
    |params, call, transaction| encounter::finish(transaction, params.encounter_id.0, call.now)
);

step!(
    CancelEncounter(ReasonedStepParams),
    "encounter.cancel",
    "Takes a visit for one that never was, as long as nothing of it is signed, prescribed or asked for.",
    &[Code::NotFound, Code::BadTransition, Code::StayGoesOn, Code::AlreadySigned, Code::RequestIdReused],
    |params, call, transaction| encounter::cancel(
        transaction,
        params.encounter_id.0,
        &params.reason,
        call.now
    )
);

step!(
    ReopenEncounter(ReasonedStepParams),
    "encounter.reopen",
    "Goes on with a visit that was finished, to write what was forgotten.",
    &[Code::NotFound, Code::BadTransition, Code::RequestIdReused],
    |params, _, transaction| encounter::reopen(transaction, params.encounter_id.0)
);
