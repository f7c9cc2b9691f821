//! The way into a bed: a stay is asked for, a bed is kept, the patient is admitted; or it is cancelled before.
//!
//! It never knows how a stay ends. Invariant: whoever asks for a stay is its doctor.

use super::{Admission, BED_ERRORS, STEP_ERRORS, subject};
use crate::api::rpc::appointment::change;
use crate::api::rpc::field::{Date, Id, Line, Reason, RequestId, choice};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::step::step;
use crate::api::rpc::{Call, Kind, Method, Said, Subject, Whom};
use crate::service::admission::{self, NewAdmission};
use crate::service::audit::Action;
use crate::service::icd10;
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::Deserialize;

choice! {
    /// How an admission came about.
    pub enum AdmissionKind of admission::Kind {
        Elective,
        Emergency,
    }
}

pub struct RequestAdmission;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestAdmissionParams {
    pub patient_id: Id,
    pub ward_id: Id,
    pub kind: AdmissionKind,
    pub reason: Reason,
    /// ICD-10, of the hospital's table where it has loaded one.
    #[serde(default)]
    pub reason_code: Option<Line<16>>,
    /// The visit that led to it.
    #[serde(default)]
    pub origin_encounter_id: Option<Id>,
    /// The day on which it is expected to end; from today to 366 days ahead.
    #[serde(default)]
    pub expected_on: Option<Date>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for RequestAdmission {
    const NAME: &'static str = "admission.request";
    const SUMMARY: &'static str = "Asks for a stay of a patient whom the doctor treats, in a ward.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] =
        &[Code::NotFound, Code::AlreadyAdmitted, Code::UnknownCode, Code::WardClosed, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::Patient(params.patient_id.0));
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = RequestAdmissionParams;
    type Outcome = Admission;

    fn run(
        params: RequestAdmissionParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Admission, Problem> {
        if params.reason_code.as_deref().is_some_and(|code| !icd10::is_code(code)) {
            return Err(Problem::invalid("reason_code", "must be one of ICD-10, as in I10 or A15.0"));
        }
        call.check_taking_on(transaction, params.patient_id.0)?;
        let doctor_id = call.actor()?.user_id;
        let new = NewAdmission {
            patient_id: params.patient_id.0,
            doctor_id,
            ward_id: params.ward_id.0,
            kind: params.kind.into(),
            reason: &params.reason,
            reason_code: params.reason_code.as_deref(),
            origin_encounter_id: params.origin_encounter_id.map(|id| id.0),
            expected_on: params.expected_on.as_deref(),
        };
        let made = admission::request(&mut change(call, transaction), &new)?;
        (call.note.entity, call.note.entity_id) = ("admission", Some(made.admission_id));
        Ok(Admission::for_caller(made, call))
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReserveBedParams {
    pub admission_id: Id,
    /// A free bed; the admission moves to its ward.
    pub bed_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

step!(
    ReserveBed(ReserveBedParams: admission_id) -> Admission,
    "admission.reserve",
    "Keeps a bed for a patient who is to be admitted, instead of one that was kept before.",
    BED_ERRORS,
    |params, call, transaction| {
        let stay = admission::reserve(&mut change(call, transaction), params.admission_id.0, params.bed_id.0)?;
        Ok(Admission::for_caller(stay, call))
    }
);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdmitParams {
    pub admission_id: Id,
    /// A free bed; without it, the one that is reserved.
    #[serde(default)]
    pub bed_id: Option<Id>,
    /// The day on which the stay is expected to end; from today to 366 days ahead.
    #[serde(default)]
    pub expected_on: Option<Date>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

step!(
    Admit(AdmitParams: admission_id) -> Admission,
    "admission.admit",
    "A patient lies down in a bed: the stay and its encounter begin.",
    &[
        Code::NotFound,
        Code::BadTransition,
        Code::BedTaken,
        Code::BedMissing,
        Code::WardClosed,
        Code::RequestIdReused,
    ],
    |params, call, transaction| {
        let (bed_id, expected_on) = (params.bed_id.map(|id| id.0), params.expected_on.as_deref());
        let stay = admission::admit(&mut change(call, transaction), params.admission_id.0, bed_id, expected_on)?;
        Ok(Admission::for_caller(stay, call))
    }
);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelAdmissionParams {
    pub admission_id: Id,
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

step!(
    CancelAdmission(CancelAdmissionParams: admission_id) -> Admission,
    "admission.cancel",
    "Cancels an admission that has not taken place; a bed that was kept is free.",
    STEP_ERRORS,
    |params, call, transaction| {
        let reason = params.reason.as_deref();
        let stay = admission::cancel(&mut change(call, transaction), params.admission_id.0, reason)?;
        Ok(Admission::for_caller(stay, call))
    }
);
