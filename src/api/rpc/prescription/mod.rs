//! `prescription.*`: what doctors prescribe, from the draft to the end.
//!
//! It never knows what speaks against a drug. Invariant: who has nothing to do with drafts is never shown one.

mod list;
mod step;
mod write;

pub use list::{GetPrescription, ListPrescriptions};
pub use step::{Activate, CancelPrescription, Dispense, StopPrescription};
pub use write::{AddLine, CreatePrescription, RemoveLine};

use super::field::Id;
use super::problem::{Code, Problem, Refusal};
use super::{Call, Subject};
use crate::service::access::Role;
use crate::service::prescription::{self, Finding, LineFault, Sheet};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::Serialize;

/// A line of a prescription. Numbers are exact decimals as text.
#[derive(Serialize, JsonSchema)]
pub struct PrescriptionLine {
    pub line_id: i64,
    pub drug_id: i64,
    pub drug_name: String,
    pub strength: Option<String>,
    pub form: Option<String>,
    pub dose: String,
    /// Of the dose and of the quantity.
    pub dose_unit: String,
    pub route: String,
    /// qd, bid, tid, qid, qNh or prn.
    pub frequency: String,
    pub duration_days: i64,
    /// Dose, frequency and days multiplied; for prn what the doctor has said.
    pub quantity: String,
    pub note: Option<String>,
    /// What spoke against it and was set aside: allergy:ID, duplicate:LINE_ID.
    pub warnings: Vec<String>,
    pub override_reason: Option<String>,
    /// The last day on which it is taken, YYYY-MM-DD, once the prescription is active.
    pub taken_until: Option<String>,
}

impl From<prescription::Line> for PrescriptionLine {
    fn from(line: prescription::Line) -> PrescriptionLine {
        PrescriptionLine {
            line_id: line.line_id,
            drug_id: line.drug_id,
            drug_name: line.drug_name,
            strength: line.strength,
            form: line.form,
            dose: line.dose,
            dose_unit: line.dose_unit,
            route: line.route,
            frequency: line.frequency,
            duration_days: line.duration_days,
            quantity: line.quantity,
            note: line.note,
            warnings: line.warnings,
            override_reason: line.override_reason,
            taken_until: line.taken_until,
        }
    }
}

/// A sheet of lines that were prescribed together. Moments are milliseconds since 1970, UTC.
#[derive(Serialize, JsonSchema)]
pub struct Prescription {
    pub prescription_id: i64,
    pub encounter_id: i64,
    pub patient_id: i64,
    /// Who answers for it now; another doctor may have prescribed it.
    pub doctor_id: i64,
    /// draft, active, dispensed, stopped or cancelled.
    pub state: &'static str,
    /// Why it was stopped or cancelled.
    pub reason: Option<String>,
    pub lines: Vec<PrescriptionLine>,
    /// Its row in the table of the old clients, from when it is active on.
    pub old_prescription_id: Option<i64>,
    pub created_ms: i64,
    pub activated_ms: Option<i64>,
    pub dispensed_ms: Option<i64>,
    pub dispensed_by: Option<i64>,
    /// When it was stopped or cancelled.
    pub ended_ms: Option<i64>,
}

impl Prescription {
    fn of(sheet: Sheet, lines: Vec<prescription::Line>) -> Prescription {
        Prescription {
            prescription_id: sheet.sheet_id,
            encounter_id: sheet.encounter_id,
            patient_id: sheet.patient_id,
            doctor_id: sheet.doctor_id,
            state: sheet.state.word(),
            reason: sheet.reason,
            lines: lines.into_iter().map(PrescriptionLine::from).collect(),
            old_prescription_id: sheet.old_prescription_id,
            created_ms: sheet.created_ms,
            activated_ms: sheet.activated_ms,
            dispensed_ms: sheet.dispensed_ms,
            dispensed_by: sheet.dispensed_by,
            ended_ms: sheet.ended_ms,
        }
    }
}

/// Drafts are their doctors' business, and that of those who look into it for a reason.
fn sees_drafts(call: &Call<'_>) -> Result<bool, Problem> {
    Ok(matches!(call.actor()?.role, Role::Doctor | Role::Admin))
}

/// What was never active is not there for those who see no drafts, before anything else is asked of it.
fn reachable(call: &Call<'_>, transaction: &Transaction<'_>, prescription_id: i64) -> Result<Sheet, Problem> {
    match prescription::by_id(transaction, prescription_id)? {
        Some(sheet) if sheet.was_active() || sees_drafts(call)? => Ok(sheet),
        _ => Err(Problem::not_found("prescription")),
    }
}

/// A prescription as it stands.
fn found(transaction: &Transaction<'_>, prescription_id: i64) -> Result<Prescription, Problem> {
    let sheet = prescription::by_id(transaction, prescription_id)?
        .ok_or_else(|| Problem::not_found("prescription"))?;
    Ok(Prescription::of(sheet, prescription::lines(transaction, prescription_id)?))
}

/// The prescription that a call concerns.
fn subject(transaction: &Transaction<'_>, Id(prescription_id): Id) -> Result<Subject, Problem> {
    prescription::by_id(transaction, prescription_id)?
        .map(|sheet| subject_of(&sheet))
        .ok_or_else(|| Problem::not_found("prescription"))
}

fn subject_of(sheet: &Sheet) -> Subject {
    Subject::Care {
        entity: "prescription",
        entity_id: sheet.sheet_id,
        patient_id: sheet.patient_id,
        doctor_id: sheet.doctor_id,
    }
}

/// A refusal of the rules of prescriptions in this dialect's words.
impl From<prescription::Refusal> for Problem {
    fn from(refusal: prescription::Refusal) -> Problem {
        use prescription::Refusal as Of;
        match refusal {
            Of::UnknownSheet => return Problem::not_found("prescription"),
            Of::Encounter(refusal) => return refusal.into(),
            Of::UnknownLine => return Problem::not_found("line in this prescription"),
            Of::NotDraft { state } => Refusal::new(Code::Conflict, "only the lines of a draft are changed")
                .with("state", state.word()),
            Of::Empty => Refusal::new(Code::Conflict, "the prescription has no lines"),
            Of::Full => {
                let message = format!("a prescription has {} lines at the most", prescription::LINES_MAX);
                Refusal::new(Code::Conflict, message)
            }
            Of::BadTransition { from, to } => bad_transition(from, to),
            Of::Line { place, drug_id, fault } => return refused_line(place, drug_id, fault),
        }
        .into()
    }
}

fn refused_line(place: Option<usize>, drug_id: i64, fault: LineFault) -> Problem {
    let line = place.map_or_else(|| "line".to_owned(), |place| format!("lines[{place}]"));
    let invalid = |field: &str, message: &str| Problem::invalid(&format!("{line}.{field}"), message);
    let mut refusal = match fault {
        LineFault::UnknownDrug => Refusal::new(Code::NotFound, "there is no such drug to be prescribed"),
        LineFault::InactiveDrug => Refusal::new(
            Code::Conflict,
            "the drug is off the list by now: its line leaves a draft, and a prescription with it is cancelled",
        ),
        LineFault::NoRoute => {
            return invalid("route", "is missing, and the list of drugs does not say it either");
        }
        LineFault::NoDose => return invalid("dose", "must be above 0"),
        LineFault::NoQuantity => return invalid("quantity", "must be given where the frequency is prn"),
        LineFault::DoseTooLarge => {
            return invalid("dose", &format!("must be {} at the most", prescription::DOSE_MAX));
        }
        LineFault::TooMuch => {
            let message = format!("must come to {} at the most", prescription::QUANTITY_MAX);
            return invalid("quantity", &message);
        }
        LineFault::WrongQuantity { expected } => {
            Refusal::new(Code::WrongQuantity, "dose, frequency and days come to `expected`")
                .with("expected", expected.to_string())
        }
        LineFault::Found(Finding::Allergy { allergy_id, severity }) => {
            Refusal::new(Code::Allergy, "the patient does not bear this")
                .with("allergy_id", allergy_id)
                .with("severity", severity)
        }
        LineFault::Found(Finding::Duplicate { line_id, sheet_id }) => {
            Refusal::new(Code::DuplicateIngredient, "the patient is given this already, or part of it")
                .with("line_id", line_id)
                .with("prescription_id", sheet_id)
        }
        LineFault::Repeats { other_place } => {
            Refusal::new(Code::DuplicateIngredient, "another line of the same call has it, or part of it")
                .with("other_place", other_place)
        }
    };
    refusal = refusal.with("drug_id", drug_id);
    if let Some(place) = place {
        refusal = refusal.with("place", place);
    }
    refusal.into()
}

fn bad_transition(from: prescription::State, to: prescription::State) -> Refusal {
    let allowed = from.next().iter().map(|state| state.word());
    Refusal::cannot_become("a prescription", (from.word(), to.word()), allowed)
}
