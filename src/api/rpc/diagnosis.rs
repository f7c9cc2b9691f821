//! `diagnosis.*`: diagnoses of a visit, and the table of their codes.
//!
//! It never knows which codes there are. Invariant: a diagnosis is withdrawn or put in order by whoever made it,
//! or by the doctor whose visit it is.

use super::encounter::WrittenListParams;
use super::field::{Id, Limit, Line, Reason, RequestId, choice};
use super::problem::{Code, Problem, Refusal};
use super::{Call, Kind, Method, Said, Subject, Whom, cut, encounter};
use crate::service::audit::Action;
use crate::service::diagnosis::{self, Certainty, NewDiagnosis, RANK_MAX, Use};
use crate::service::icd10::{self, Beginning, CODE_CHARS_MAX, TITLE_CHARS_MAX};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

type IcdCode = Line<CODE_CHARS_MAX>;
type Title = Line<TITLE_CHARS_MAX>;

choice! {
    /// When in a visit or a stay a diagnosis is made.
    #[derive(Default)]
    pub enum Stage of Use {
        Admission,
        #[default]
        Working,
        Discharge,
    }
}

choice! {
    #[derive(Default)]
    pub enum Certain of Certainty {
        #[default]
        Provisional,
        Confirmed,
    }
}

/// A diagnosis. Moments are milliseconds since 1970, UTC.
#[derive(Serialize, JsonSchema)]
pub struct Diagnosis {
    pub diagnosis_id: i64,
    pub encounter_id: i64,
    pub patient_id: i64,
    /// ICD-10; null where it has none.
    pub code: Option<String>,
    pub title: String,
    /// Among those of its use; 1 is the principal one.
    pub rank: i64,
    /// admission, working or discharge.
    #[serde(rename = "use")]
    pub stage: &'static str,
    /// provisional or confirmed.
    pub certainty: &'static str,
    pub recorded_by: i64,
    pub recorded_ms: i64,
    pub withdrawn_ms: Option<i64>,
    pub withdrawn_reason: Option<String>,
}

impl From<diagnosis::Diagnosis> for Diagnosis {
    fn from(found: diagnosis::Diagnosis) -> Diagnosis {
        Diagnosis {
            diagnosis_id: found.diagnosis_id,
            encounter_id: found.encounter_id,
            patient_id: found.patient_id,
            code: found.code,
            title: found.title,
            rank: found.rank,
            stage: found.stage.word(),
            certainty: found.certainty.word(),
            recorded_by: found.recorded_by,
            recorded_ms: found.recorded_ms,
            withdrawn_ms: found.withdrawn_ms,
            withdrawn_reason: found.withdrawn_reason,
        }
    }
}

fn found(transaction: &Transaction<'_>, diagnosis_id: i64) -> Result<Diagnosis, Problem> {
    diagnosis::by_id(transaction, diagnosis_id)?
        .map(Into::into)
        .ok_or_else(|| Problem::not_found("diagnosis"))
}

/// A diagnosis as its own of whoever made it, and of the doctor whose encounter it is.
fn subject(call: &Call<'_>, transaction: &Transaction<'_>, Id(id): Id) -> Result<Subject, Problem> {
    let found = diagnosis::by_id(transaction, id)?.ok_or_else(|| Problem::not_found("diagnosis"))?;
    let doctor_id = encounter::owner(call, transaction, found.encounter_id, found.recorded_by)?;
    Ok(Subject::Care { entity: "diagnosis", entity_id: id, patient_id: found.patient_id, doctor_id })
}

impl From<diagnosis::Refusal> for Problem {
    fn from(refusal: diagnosis::Refusal) -> Problem {
        use diagnosis::Refusal as Of;
        match refusal {
            Of::UnknownDiagnosis => return Problem::not_found("diagnosis"),
            Of::Encounter(refusal) => return refusal.into(),
            Of::UnknownCode => Refusal::of(Code::UnknownCode),
            Of::TitleNeeded => {
                return Problem::invalid("title", "is needed where no table has the code's");
            }
            Of::RankTaken { diagnosis_id } => Refusal::new(
                Code::Conflict,
                "another diagnosis has this rank, `diagnosis_id`; diagnosis.set_rank changes places",
            )
            .with("diagnosis_id", diagnosis_id),
            Of::NoRankLeft => {
                let text = format!("must be given, for a diagnosis has rank {RANK_MAX}, the last one");
                return Problem::invalid("rank", text);
            }
            Of::Withdrawn { to } => {
                Refusal::bad_transition("the diagnosis is withdrawn", ("withdrawn", to), [])
            }
        }
        .into()
    }
}

/// Refuses a rank out of bounds.
fn check_rank(rank: i64) -> Result<i64, Problem> {
    if (1..=RANK_MAX).contains(&rank) {
        return Ok(rank);
    }
    Err(Problem::invalid("rank", format!("must be a whole number from 1 to {RANK_MAX}")))
}

pub struct AddDiagnosis;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddDiagnosisParams {
    pub encounter_id: Id,
    /// ICD-10, of the hospital's table where it has loaded one, which gives the title then.
    #[serde(default)]
    pub code: Option<IcdCode>,
    /// Needed where no table has the code's.
    #[serde(default)]
    pub title: Option<Title>,
    /// 1 is the principal one; the next free rank, if it is not given.
    #[serde(default)]
    #[schemars(range(min = 1, max = 99))]
    pub rank: Option<i64>,
    #[serde(default, rename = "use")]
    pub stage: Stage,
    #[serde(default)]
    pub certainty: Certain,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for AddDiagnosis {
    const NAME: &'static str = "diagnosis.add";
    const SUMMARY: &'static str = "Records a diagnosis of a visit, by a code of ICD-10 or in words.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] =
        &[Code::NotFound, Code::NotInProgress, Code::UnknownCode, Code::Conflict, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, transaction| encounter::subject(transaction, params.encounter_id);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = AddDiagnosisParams;
    type Outcome = Diagnosis;

    fn run(
        params: AddDiagnosisParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Diagnosis, Problem> {
        if params.code.is_none() && params.title.is_none() {
            return Err(Problem::invalid("title", "give `code` or `title`"));
        }
        if params.code.as_deref().is_some_and(|code| !icd10::is_code(code)) {
            return Err(Problem::invalid("code", "must be one of ICD-10, as in I10 or A15.0"));
        }
        let new = NewDiagnosis {
            encounter_id: params.encounter_id.0,
            code: params.code.as_deref(),
            title: params.title.as_deref(),
            rank: params.rank.map(check_rank).transpose()?,
            stage: params.stage.into(),
            certainty: params.certainty.into(),
            by: call.actor()?.user_id,
        };
        let diagnosis_id = diagnosis::add(transaction, &new, call.now)?;
        (call.note.entity, call.note.entity_id) = ("diagnosis", Some(diagnosis_id));
        found(transaction, diagnosis_id)
    }
}

pub struct SetDiagnosisRank;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRankParams {
    pub diagnosis_id: Id,
    /// 1 makes it the principal one.
    #[schemars(range(min = 1, max = 99))]
    pub rank: i64,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for SetDiagnosisRank {
    const NAME: &'static str = "diagnosis.set_rank";
    const SUMMARY: &'static str = "Gives a diagnosis a rank; the one that has it takes this one's.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] =
        &[Code::NotFound, Code::NotInProgress, Code::BadTransition, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, call, transaction| subject(call, transaction, params.diagnosis_id);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = SetRankParams;
    type Outcome = Diagnosis;

    fn run(
        params: SetRankParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Diagnosis, Problem> {
        let rank = check_rank(params.rank)?;
        diagnosis::set_rank(transaction, params.diagnosis_id.0, rank)?;
        found(transaction, params.diagnosis_id.0)
    }
}

pub struct WithdrawDiagnosis;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawDiagnosisParams {
    pub diagnosis_id: Id,
    /// Why it does not hold.
    pub reason: Reason,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for WithdrawDiagnosis {
    const NAME: &'static str = "diagnosis.withdraw";
    const SUMMARY: &'static str = "Says that a diagnosis does not hold; it stays readable.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] =
        &[Code::NotFound, Code::NotInProgress, Code::BadTransition, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, call, transaction| subject(call, transaction, params.diagnosis_id);
    const REASON: Said<Self> = |params| Some(&params.reason);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = WithdrawDiagnosisParams;
    type Outcome = Diagnosis;

    fn run(
        params: WithdrawDiagnosisParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Diagnosis, Problem> {
        diagnosis::withdraw(transaction, params.diagnosis_id.0, &params.reason, call.now)?;
        found(transaction, params.diagnosis_id.0)
    }
}

pub struct ListDiagnoses;

#[derive(Serialize, JsonSchema)]
pub struct DiagnosisList {
    pub items: Vec<Diagnosis>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

impl Method for ListDiagnoses {
    const NAME: &'static str = "diagnosis.list";
    const SUMMARY: &'static str = "Lists the diagnoses of a visit in the order in which they were made.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, _, transaction| encounter::subject(transaction, params.encounter_id);
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = WrittenListParams;
    type Outcome = DiagnosisList;

    fn run(
        params: WrittenListParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<DiagnosisList, Problem> {
        let (after, limit) = (params.cursor.map_or(0, |Id(id)| id), i64::from(params.limit.0) + 1);
        let mut items: Vec<Diagnosis> = Vec::new();
        let sink = |found: diagnosis::Diagnosis| items.push(found.into());
        let Id(encounter_id) = params.encounter_id;
        diagnosis::of_encounter(transaction, encounter_id, params.with_withdrawn, after, limit, sink)?;
        let next_cursor = cut(&mut items, params.limit, |item| item.diagnosis_id);
        Ok(DiagnosisList { items, next_cursor })
    }
}

pub struct SearchCodes;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchCodesParams {
    /// With which letters the code begins. One of prefix and text is given.
    #[serde(default)]
    pub prefix: Option<IcdCode>,
    /// With which words the title begins.
    #[serde(default)]
    pub text: Option<Title>,
    #[serde(default)]
    pub limit: Limit,
    /// The `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<IcdCode>,
}

/// A code of the table.
#[derive(Serialize, JsonSchema)]
pub struct FoundCode {
    pub code: String,
    pub title: String,
}

#[derive(Serialize, JsonSchema)]
pub struct FoundCodes {
    pub items: Vec<FoundCode>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<String>,
}

impl Method for SearchCodes {
    const NAME: &'static str = "diagnosis.search_codes";
    const SUMMARY: &'static str = "Finds codes of ICD-10 by how they, or their titles, begin.";
    const KIND: Kind = Kind::Read;
    type Params = SearchCodesParams;
    type Outcome = FoundCodes;

    fn run(
        params: SearchCodesParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<FoundCodes, Problem> {
        let beginning = match (&params.prefix, &params.text) {
            (Some(code), None) => Beginning::Code(code),
            (None, Some(title)) => Beginning::Title(title),
            _ => return Err(Problem::invalid("prefix", "give one of `prefix` and `text`")),
        };
        let limit = params.limit.0 as usize;
        let after = params.cursor.as_deref().unwrap_or_default();
        let mut items: Vec<FoundCode> = Vec::new();
        icd10::search(transaction, beginning, after, i64::from(params.limit.0) + 1, |code, title| {
            items.push(FoundCode { code: code.to_owned(), title: title.to_owned() });
        })?;
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items.last().filter(|_| has_more).map(|item| item.code.clone());
        Ok(FoundCodes { items, next_cursor })
    }
}
