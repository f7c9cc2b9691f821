//! `encounter.*`: visits and stays, opened and ended.
//!
//! It never knows what is written in one. Invariant: a refusal says what its caller needs to go on.

mod list;
mod open;
mod step;

pub use list::ListEncounters;
pub use open::{GetEncounter, OpenEncounter};
pub use step::{BeginEncounter, CancelEncounter, FinishEncounter, ReopenEncounter};

use super::Subject;
use super::field::Id;
use super::problem::{Code, Problem, Refusal};
use crate::service::Failure;
use crate::service::encounter::{self, Class, State};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of encounter it is, in FHIR's codes: AMB is a visit, EMER an emergency, IMP a stay.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
pub enum ClassCode {
    #[default]
    #[serde(rename = "AMB")]
    Ambulatory,
    #[serde(rename = "EMER")]
    Emergency,
    #[serde(rename = "IMP")]
    Inpatient,
}

impl From<ClassCode> for Class {
    fn from(code: ClassCode) -> Class {
        match code {
            ClassCode::Ambulatory => Class::Ambulatory,
            ClassCode::Emergency => Class::Emergency,
            ClassCode::Inpatient => Class::Inpatient,
        }
    }
}

/// A visit or a stay. Moments are milliseconds since 1970, UTC.
#[derive(Serialize, JsonSchema)]
pub struct Encounter {
    pub encounter_id: i64,
    pub patient_id: i64,
    pub doctor_id: i64,
    pub appointment_id: Option<i64>,
    /// AMB, EMER or IMP.
    pub class: &'static str,
    pub department: Option<String>,
    /// planned, in_progress, finished or cancelled.
    pub state: &'static str,
    /// Why it was cancelled.
    pub reason: Option<String>,
    pub created_ms: i64,
    pub started_ms: Option<i64>,
    pub ended_ms: Option<i64>,
}

impl From<encounter::Encounter> for Encounter {
    fn from(found: encounter::Encounter) -> Encounter {
        Encounter {
            encounter_id: found.encounter_id,
            patient_id: found.patient_id,
            doctor_id: found.doctor_id,
            appointment_id: found.appointment_id,
            class: found.class.code(),
            department: found.department,
            state: found.state.word(),
            reason: found.reason,
            created_ms: found.created_ms,
            started_ms: found.started_ms,
            ended_ms: found.ended_ms,
        }
    }
}

/// The encounter that a call concerns.
pub(super) fn subject(transaction: &Transaction<'_>, Id(encounter_id): Id) -> Result<Subject, Problem> {
    match encounter::by_id(transaction, encounter_id)? {
        Some(found) => Ok(Subject::Care {
            entity: "encounter",
            entity_id: encounter_id,
            patient_id: found.patient_id,
            doctor_id: found.doctor_id,
        }),
        None => Err(Problem::not_found("encounter")),
    }
}

/// A refusal of the rules of encounters in this dialect's words.
pub(super) fn refused(failure: Failure<encounter::Refusal>) -> Problem {
    use encounter::Refusal as Of;
    let refusal = match failure {
        Failure::Fault(fault) => return fault.into(),
        Failure::Refused(refusal) => refusal,
    };
    match refusal {
        Of::UnknownEncounter => return Problem::not_found("encounter"),
        Of::UnknownPatient => return Problem::not_found("patient"),
        Of::UnknownDoctor => return Problem::not_found("doctor"),
        Of::AlreadyOpen { encounter_id } => {
            Refusal::new(Code::Conflict, "this appointment has its encounter already, `encounter_id`")
                .with("encounter_id", encounter_id)
        }
        Of::BadTransition { from, to } => bad_transition(from, to),
        Of::NotInProgress { state } => plain(Code::NotInProgress).with("state", state.word()),
        Of::UnsignedNotes { note_ids, author_ids } => {
            plain(Code::UnsignedNotes).with("note_ids", note_ids).with("author_ids", author_ids)
        }
        Of::DiagnosisMissing => plain(Code::DiagnosisMissing),
        Of::StayGoesOn { admission_id } => plain(Code::StayGoesOn).with("admission_id", admission_id),
        Of::AlreadySigned { note_ids } => plain(Code::AlreadySigned).with("note_ids", note_ids),
    }
    .into()
}

fn plain(code: Code) -> Refusal {
    Refusal::new(code, code.meaning())
}

fn bad_transition(from: State, to: State) -> Refusal {
    let allowed: Vec<&str> = from.next().iter().map(|state| state.word()).collect();
    Refusal::new(
        Code::BadTransition,
        format!("an encounter that is {} cannot become {}", from.word(), to.word()),
    )
    .with("from", from.word())
    .with("to", to.word())
    .with("allowed", allowed)
}
