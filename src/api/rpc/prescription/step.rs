//! Steps of a prescription, one method each.
//!
//! It never knows where one may go. Invariant: each gives the prescription as it is afterwards.

use super::{Prescription, found, refused, subject};
use crate::api::rpc::field::{Id, Reason, RequestId};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Subject};
use crate::service::audit::Action;
use crate::service::prescription;
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrescriptionParams {
    pub prescription_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl PrescriptionParams {
    fn reason(&self) -> Option<&str> {
        None
    }
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

impl EndPrescriptionParams {
    fn reason(&self) -> Option<&str> {
        Some(&self.reason)
    }
}

/// A method that moves one prescription.
macro_rules! step {
    ($method:ident($params:ident), $name:literal, $summary:literal, $errors:expr, $step:expr) => {
        pub struct $method;

        impl Method for $method {
            const NAME: &'static str = $name;
            const SUMMARY: &'static str = $summary;
            const KIND: Kind = Kind::Write(Action::Update);
            const ERRORS: &'static [Code] = $errors;
            type Params = $params;
            type Outcome = Prescription;

            fn subject(
                params: &$params,
                _: &Call<'_>,
                transaction: &Transaction<'_>,
            ) -> Result<Subject, Problem> {
                subject(transaction, params.prescription_id)
            }

            fn reason(params: &$params) -> Option<&str> {
                params.reason()
            }

            fn request_id(params: &$params) -> Option<&str> {
                params.request_id.as_deref()
            }

            fn run(
                params: $params,
                call: &mut Call<'_>,
                transaction: &Transaction<'_>,
            ) -> Result<Prescription, Problem> {
                let step: fn(
                    &$params,
                    &mut Call<'_>,
                    &Transaction<'_>,
                ) -> Result<prescription::Outcome<()>, Problem> = $step;
                step(&params, call, transaction)?.map_err(refused)?;
                found(transaction, params.prescription_id.0)
            }
        }
    };
}

const ERRORS: &[Code] = &[Code::NotFound, Code::BadTransition, Code::RequestIdReused];

step!(
    Activate(PrescriptionParams),
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
        Ok(prescription::activate(transaction, params.prescription_id.0, call.now))
    }
);

step!(
    Dispense(PrescriptionParams),
    "prescription.dispense",
    "Says that the patient has got what was prescribed.",
    ERRORS,
    |params, call, transaction| {
        let by = call.actor()?.user_id;
        Ok(prescription::dispense(transaction, params.prescription_id.0, by, call.now))
    }
);

step!(
    StopPrescription(EndPrescriptionParams),
    "prescription.stop",
    "Says that what is active or was given out is not to be taken any longer.",
    ERRORS,
    |params, call, transaction| {
        Ok(prescription::stop(transaction, params.prescription_id.0, &params.reason, call.now))
    }
);

step!(
    CancelPrescription(EndPrescriptionParams),
    "prescription.cancel",
    "Takes back what has not been given out.",
    ERRORS,
    |params, call, transaction| {
        Ok(prescription::cancel(transaction, params.prescription_id.0, &params.reason, call.now))
    }
);
