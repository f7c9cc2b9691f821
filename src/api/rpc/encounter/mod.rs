//! `encounter.*`: visits and stays, opened and ended.
//!
//! It never knows what is written in one. Invariant: a refusal says what its caller needs to go on.

mod list;
mod open;
mod step;

pub use list::ListEncounters;
pub use open::{GetEncounter, OpenEncounter};
pub use step::{BeginEncounter, CancelEncounter, FinishEncounter, ReopenEncounter};

use super::field::{Id, Limit, Reason, choice};
use super::problem::{Code, Problem, Refusal};
use super::{Call, Subject};
use crate::service::encounter::{self, Class, State};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

choice! {
    /// What kind of encounter it is, in FHIR's codes: AMB is a visit, EMER an emergency, IMP a stay.
    #[derive(Default)]
    pub enum ClassCode of Class {
        #[default]
        #[serde(rename = "AMB")]
        Ambulatory,
        #[serde(rename = "EMER")]
        Emergency,
        #[serde(rename = "IMP")]
        Inpatient,
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
            class: found.class.word(),
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

/// The doctor whose own something is that was written in an encounter: who leads the encounter, where they call, or
/// else who wrote it.
pub(super) fn owner(
    call: &Call<'_>,
    transaction: &Transaction<'_>,
    encounter_id: i64,
    author_id: i64,
) -> Result<i64, Problem> {
    let caller = call.actor()?.user_id;
    match encounter::by_id(transaction, encounter_id)? {
        Some(found) if found.doctor_id == caller => Ok(caller),
        Some(_) => Ok(author_id),
        None => Err(Problem::not_found("encounter")),
    }
}

/// The parameters of a list of what was written in an encounter, some of which may have been withdrawn.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrittenListParams {
    pub encounter_id: Id,
    /// Those that were withdrawn as well.
    #[serde(default)]
    pub with_withdrawn: bool,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub limit: Limit,
    /// The `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<Id>,
}

/// A refusal of the rules of encounters in this dialect's words.
impl From<encounter::Refusal> for Problem {
    fn from(refusal: encounter::Refusal) -> Problem {
        use encounter::Refusal as Of;
        match refusal {
            Of::UnknownEncounter => return Problem::not_found("encounter"),
            Of::UnknownPatient => return Problem::not_found("patient"),
            Of::UnknownDoctor => return Problem::not_found("doctor"),
            Of::AlreadyOpen { encounter_id } => {
                Refusal::new(Code::Conflict, "this appointment has its encounter already, `encounter_id`")
                    .with("encounter_id", encounter_id)
            }
            Of::BadTransition { from, to } => bad_transition(from, to),
            Of::NotInProgress { state } => Refusal::of(Code::NotInProgress).with("state", state.word()),
            Of::DraftSheets { sheet_ids } => {
                Refusal::of(Code::DraftPrescriptions).with("prescription_ids", sheet_ids)
            }
            Of::UnsignedNotes { note_ids, author_ids } => {
                Refusal::of(Code::UnsignedNotes).with("note_ids", note_ids).with("author_ids", author_ids)
            }
            Of::DiagnosisMissing => Refusal::of(Code::DiagnosisMissing),
            Of::StayGoesOn { admission_id } => {
                Refusal::of(Code::StayGoesOn).with("admission_id", admission_id)
            }
            Of::AlreadySigned { note_ids } => Refusal::of(Code::AlreadySigned).with("note_ids", note_ids),
        }
        .into()
    }
}

fn bad_transition(from: State, to: State) -> Refusal {
    let allowed = from.next().iter().map(|state| state.word());
    Refusal::cannot_become("an encounter", (from.word(), to.word()), allowed)
}
