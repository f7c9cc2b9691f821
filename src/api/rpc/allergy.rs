//! `allergy.*`: what patients do not bear.
//!
//! It never knows what is prescribed. Invariants: an allergy that is recorded already is not recorded twice, and
//! its caller is told which one it is; nobody but a doctor makes less of a severe one.

use super::field::{Id, Limit, Line, Reason, RequestId, choice};
use super::problem::{Code, Problem, Refusal};
use super::{Call, Kind, Method, Said, Subject, Whom, cut};
use crate::service::access::Role;
use crate::service::allergy::{self, NewAllergy};
use crate::service::audit::Action;
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

choice! {
    pub enum Severity of allergy::Severity {
        Mild,
        Moderate,
        /// What is prescribed against it is refused.
        Severe,
    }
}

/// An allergy. Moments are milliseconds since 1970, UTC.
#[derive(Serialize, JsonSchema)]
pub struct Allergy {
    pub allergy_id: i64,
    pub patient_id: i64,
    pub substance: String,
    /// active or refuted.
    pub state: &'static str,
    /// mild, moderate or severe.
    pub severity: &'static str,
    pub reaction: Option<String>,
    pub recorded_by: i64,
    pub recorded_ms: i64,
    pub refuted_by: Option<i64>,
    pub refuted_ms: Option<i64>,
    pub refuted_reason: Option<String>,
}

impl From<allergy::Allergy> for Allergy {
    fn from(found: allergy::Allergy) -> Allergy {
        Allergy {
            allergy_id: found.allergy_id,
            patient_id: found.patient_id,
            substance: found.substance,
            state: if found.refuted_ms.is_some() { "refuted" } else { "active" },
            severity: found.severity.word(),
            reaction: found.reaction,
            recorded_by: found.recorded_by,
            recorded_ms: found.recorded_ms,
            refuted_by: found.refuted_by,
            refuted_ms: found.refuted_ms,
            refuted_reason: found.refuted_reason,
        }
    }
}

fn found(transaction: &Transaction<'_>, allergy_id: i64) -> Result<Allergy, Problem> {
    allergy::by_id(transaction, allergy_id)?.map(Into::into).ok_or_else(|| Problem::not_found("allergy"))
}

/// The patient whose allergy a call is about.
fn subject(transaction: &Transaction<'_>, Id(allergy_id): Id) -> Result<Subject, Problem> {
    Ok(Subject::Patient(found(transaction, allergy_id)?.patient_id))
}

/// Refuses to whoever is no doctor to make less of a severe allergy: nothing else lets anyone prescribe against it.
fn check_severe(
    call: &mut Call<'_>,
    transaction: &Transaction<'_>,
    Id(allergy_id): Id,
) -> Result<(), Problem> {
    (call.note.entity, call.note.entity_id) = ("allergy", Some(allergy_id));
    let is_severe = allergy::by_id(transaction, allergy_id)?
        .is_some_and(|found| found.severity == allergy::Severity::Severe && found.refuted_ms.is_none());
    if is_severe && call.actor()?.role != Role::Doctor {
        return Err(Problem::refused(Code::Forbidden, "only a doctor makes less of a severe allergy"));
    }
    Ok(())
}

impl From<allergy::Refusal> for Problem {
    fn from(refusal: allergy::Refusal) -> Problem {
        use allergy::Refusal as Of;
        match refusal {
            Of::UnknownPatient => return Problem::not_found("patient"),
            Of::UnknownAllergy => return Problem::not_found("allergy"),
            Of::AlreadyRecorded { allergy_id } => {
                Refusal::of(Code::AlreadyRecorded).with("allergy_id", allergy_id)
            }
            Of::Refuted { to } => {
                Refusal::bad_transition("the allergy is refuted; record it anew", ("refuted", to), [])
            }
        }
        .into()
    }
}

pub struct AddAllergy;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddAllergyParams {
    pub patient_id: Id,
    /// An ingredient or a class of drugs, as the table of drugs names it.
    pub substance: Line<100>,
    pub severity: Severity,
    /// What it does to the patient.
    #[serde(default)]
    pub reaction: Option<Line<500>>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for AddAllergy {
    const NAME: &'static str = "allergy.add";
    const SUMMARY: &'static str = "Records what a patient does not bear.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::AlreadyRecorded, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::Patient(params.patient_id.0));
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = AddAllergyParams;
    type Outcome = Allergy;

    fn run(
        params: AddAllergyParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Allergy, Problem> {
        let new = NewAllergy {
            patient_id: params.patient_id.0,
            substance: &params.substance,
            severity: params.severity.into(),
            reaction: params.reaction.as_deref(),
            by: call.actor()?.user_id,
        };
        let allergy_id = allergy::add(transaction, &new, call.now)?;
        (call.note.entity, call.note.entity_id) = ("allergy", Some(allergy_id));
        found(transaction, allergy_id)
    }
}

pub struct RefuteAllergy;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuteParams {
    pub allergy_id: Id,
    /// Why it is none.
    pub reason: Reason,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for RefuteAllergy {
    const NAME: &'static str = "allergy.refute";
    const SUMMARY: &'static str = "Says that an allergy was found to be none; it stays readable.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::BadTransition, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject(transaction, params.allergy_id);
    const REASON: Said<Self> = |params| Some(&params.reason);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = RefuteParams;
    type Outcome = Allergy;

    fn run(
        params: RefuteParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Allergy, Problem> {
        check_severe(call, transaction, params.allergy_id)?;
        let (Id(allergy_id), by) = (params.allergy_id, call.actor()?.user_id);
        allergy::refute(transaction, allergy_id, &params.reason, by, call.now)?;
        found(transaction, allergy_id)
    }
}

pub struct SetAllergySeverity;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetSeverityParams {
    pub allergy_id: Id,
    pub severity: Severity,
    /// Why.
    pub reason: Reason,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for SetAllergySeverity {
    const NAME: &'static str = "allergy.set_severity";
    const SUMMARY: &'static str = "Says that an allergy is worse, or less bad, than it was recorded.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::BadTransition, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject(transaction, params.allergy_id);
    const REASON: Said<Self> = |params| Some(&params.reason);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = SetSeverityParams;
    type Outcome = Allergy;

    fn run(
        params: SetSeverityParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Allergy, Problem> {
        check_severe(call, transaction, params.allergy_id)?;
        let Id(allergy_id) = params.allergy_id;
        allergy::set_severity(transaction, allergy_id, params.severity.into())?;
        found(transaction, allergy_id)
    }
}

pub struct ListAllergies;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAllergiesParams {
    pub patient_id: Id,
    /// Those that were refuted as well.
    #[serde(default)]
    pub with_refuted: bool,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub limit: Limit,
    /// The `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<Id>,
}

#[derive(Serialize, JsonSchema)]
pub struct AllergyList {
    pub items: Vec<Allergy>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

impl Method for ListAllergies {
    const NAME: &'static str = "allergy.list";
    const SUMMARY: &'static str = "Lists what a patient does not bear.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::Patient(params.patient_id.0));
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = ListAllergiesParams;
    type Outcome = AllergyList;

    fn run(
        params: ListAllergiesParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<AllergyList, Problem> {
        let (after, limit) = (params.cursor.map_or(0, |Id(id)| id), i64::from(params.limit.0) + 1);
        let mut items: Vec<Allergy> = Vec::new();
        let sink = |found: allergy::Allergy| items.push(found.into());
        allergy::list(transaction, params.patient_id.0, params.with_refuted, after, limit, sink)?;
        let next_cursor = cut(&mut items, params.limit, |item| item.allergy_id);
        Ok(AllergyList { items, next_cursor })
    }
}
