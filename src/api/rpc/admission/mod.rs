//! `admission.*`: a stay in hospital, from when a doctor asks for it to the discharge.
//!
//! It never knows what is done for the patient meanwhile. Invariants: a refusal says what its caller needs to go
//! on; why somebody is in hospital is in no entry of the trail.

mod enter;
mod find;
mod stay;

pub use enter::{Admit, CancelAdmission, RequestAdmission, ReserveBed};
pub use find::{GetAdmission, ListAdmissions};
pub use stay::{ChangeDoctor, Discharge, OrderDischarge, Transfer, UndoDischargeOrder};

use super::field::Id;
use super::problem::{Code, Problem, Refusal};
use super::{Call, Subject};
use crate::service::access::Role;
use crate::service::admission;
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::Serialize;

/// What any step may be refused with that needs a bed.
const BED_ERRORS: &[Code] =
    &[Code::NotFound, Code::BadTransition, Code::BedTaken, Code::WardClosed, Code::RequestIdReused];
/// What any other step may be refused with.
const STEP_ERRORS: &[Code] = &[Code::NotFound, Code::BadTransition, Code::RequestIdReused];

/// A stay, from when it is asked for. Moments are milliseconds since 1970, UTC.
#[derive(Serialize, JsonSchema)]
pub struct Admission {
    /// new; a stay that an old client has written down is old.
    pub source: &'static str,
    pub admission_id: i64,
    pub patient_id: i64,
    pub patient_name: String,
    pub doctor_id: i64,
    pub doctor_name: String,
    /// That of the bed, where there is one; else the one that was asked for.
    pub ward_id: i64,
    pub ward_number: String,
    /// In which the patient lies, or that is reserved for them.
    pub bed_id: Option<i64>,
    pub bed_number: Option<String>,
    /// elective or emergency.
    pub kind: &'static str,
    /// Null to a clerk, as are `reason_code` and `end_reason`.
    pub reason: Option<String>,
    /// ICD-10.
    pub reason_code: Option<String>,
    /// requested, admitted, `discharge_ordered`, discharged or cancelled.
    pub state: &'static str,
    /// home, transferred, `against_advice` or died.
    pub disposition: Option<&'static str>,
    /// Why it was cancelled.
    pub end_reason: Option<String>,
    /// The day on which it is expected to end.
    pub expected_on: Option<String>,
    /// The visit that led to it.
    pub origin_encounter_id: Option<i64>,
    /// The stay's own, from the admission on.
    pub encounter_id: Option<i64>,
    /// Its row in the old schema, from the admission on.
    pub hospitalization_id: Option<i64>,
    pub requested_ms: i64,
    pub admitted_ms: Option<i64>,
    pub ordered_ms: Option<i64>,
    pub ended_ms: Option<i64>,
}

/// Whether a caller may read why somebody is in hospital. That is medical, and the desk needs none of it.
fn reads_reasons(call: &Call<'_>) -> bool {
    call.opened.is_some_and(|opened| opened.actor.role != Role::Clerk)
}

impl Admission {
    /// As its reader sees it.
    fn for_caller(found: admission::Admission, call: &Call<'_>) -> Admission {
        let told = |reason: Option<String>| reason.filter(|_| reads_reasons(call));
        Admission {
            source: "new",
            admission_id: found.admission_id,
            patient_id: found.patient_id,
            patient_name: found.patient_name,
            doctor_id: found.doctor_id,
            doctor_name: found.doctor_name,
            ward_id: found.ward_id,
            ward_number: found.ward_number,
            bed_id: found.bed_id,
            bed_number: found.bed_number,
            kind: found.kind.word(),
            reason: told(Some(found.reason)),
            reason_code: told(found.reason_code),
            state: found.state.word(),
            disposition: found.disposition.map(admission::Disposition::word),
            end_reason: told(found.end_reason),
            expected_on: found.expected_on,
            origin_encounter_id: found.origin_encounter_id,
            encounter_id: found.encounter_id,
            hospitalization_id: found.old_hospitalization_id,
            requested_ms: found.requested_ms,
            admitted_ms: found.admitted_ms,
            ordered_ms: found.ordered_ms,
            ended_ms: found.ended_ms,
        }
    }
}

/// The admission that a call concerns.
fn subject(transaction: &Transaction<'_>, Id(admission_id): Id) -> Result<Subject, Problem> {
    match admission::by_id(transaction, admission_id)? {
        Some(found) => Ok(Subject::Care {
            entity: "admission",
            entity_id: admission_id,
            patient_id: found.patient_id,
            doctor_id: found.doctor_id,
        }),
        None => Err(Problem::not_found("admission")),
    }
}

/// A refusal of the rules of admissions in this dialect's words.
impl From<admission::Refusal> for Problem {
    fn from(refusal: admission::Refusal) -> Problem {
        use admission::Refusal as Of;
        match refusal {
            Of::UnknownAdmission => return Problem::not_found("admission"),
            Of::UnknownPatient => return Problem::not_found("patient"),
            Of::UnknownDoctor => return Problem::not_found("doctor"),
            Of::UnknownWard => return Problem::not_found("ward"),
            Of::UnknownBed => return Problem::not_found("bed"),
            Of::UnknownEncounter => return Problem::not_found("encounter of this patient"),
            Of::Encounter(refusal) => return refusal.into(),
            Of::BadEnd => {
                let message = format!("must be from today to {} days ahead", admission::EXPECTED_DAYS_MAX);
                return Problem::invalid("expected_on", message);
            }
            Of::WardClosed => Refusal::of(Code::WardClosed),
            Of::AlreadyAdmitted { admission_id } => {
                Refusal::of(Code::AlreadyAdmitted).with("admission_id", admission_id)
            }
            Of::BedTaken { bed_id, state } => {
                Refusal::of(Code::BedTaken).with("bed_id", bed_id).with("state", state.word())
            }
            Of::UnknownCode => Refusal::of(Code::UnknownCode),
            Of::BedMissing => Refusal::of(Code::BedMissing),
            Of::DiagnosisMissing => Refusal::of(Code::DiagnosisMissing),
            Of::NothingToUndo => Refusal::of(Code::NothingToUndo),
            Of::BadTransition { from, to } => {
                let message = format!("an admission that is {} cannot be {to}", from.word());
                let allowed = from.next().iter().map(|state| state.word());
                Refusal::bad_transition(message, (from.word(), to), allowed)
            }
        }
        .into()
    }
}
