//! Drafts of prescriptions, and their lines.
//!
//! It never knows what comes of one. Invariant: what was prescribed for a reason, although something spoke
//! against it, is in the trail with that reason.

use super::{Prescription, found, subject};
use crate::api::rpc::amount::{Amount, Days};
use crate::api::rpc::field::{Id, Line, Reason, RequestId};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Detail, Kind, Method, Said, Whom, encounter};
use crate::service::audit::Action;
use crate::service::prescription::{self, Frequency, LINES_MAX, NewLine, Written};
use crate::store::Transaction;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

/// How often, as doctors write it.
#[derive(Debug, Clone, Copy)]
pub struct FrequencyWord(Frequency);

impl<'de> Deserialize<'de> for FrequencyWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let expected = "must be qd, bid, tid, qid, prn, or qNh where N divides 24 or is 24 times 1 to 28";
        Frequency::parse(&text).map(FrequencyWord).ok_or_else(|| D::Error::custom(expected))
    }
}

impl JsonSchema for FrequencyWord {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Frequency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^(qd|bid|tid|qid|prn|q(1|2|3|4|6|8|12|24)h)$"})
    }
}

/// A line to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineParams {
    pub drug_id: Id,
    /// In the drug's unit, each time.
    pub dose: Amount,
    /// qd, bid, tid, qid, prn, or qNh where N divides 24 or is 24 times 1 to 28.
    pub frequency: FrequencyWord,
    /// 1 to 365.
    pub duration_days: Days,
    /// How it is given; else as the list of drugs has it.
    #[serde(default)]
    pub route: Option<Line<32>>,
    /// In the drug's unit. It is counted, and must be right where it is given; for prn it must be given.
    #[serde(default)]
    pub quantity: Option<Amount>,
    #[serde(default)]
    pub note: Option<Line<200>>,
    /// Prescribes it although an allergy that is not severe, or a line with the same ingredient, speaks against
    /// it.
    #[serde(default)]
    pub override_reason: Option<Reason>,
}

impl LineParams {
    fn line(&self) -> NewLine<'_> {
        NewLine {
            drug_id: self.drug_id.0,
            dose: self.dose.0,
            route: self.route.as_deref(),
            frequency: self.frequency.0,
            duration_days: self.duration_days.0,
            quantity: self.quantity.map(|Amount(quantity)| quantity),
            note: self.note.as_deref(),
            override_reason: self.override_reason.as_deref(),
        }
    }
}

/// Says in the trail what was written, and for which reason something was set aside.
fn note(call: &mut Call<'_>, written: Written<'_>) {
    (call.note.entity, call.note.entity_id) = ("prescription", Some(written.sheet_id));
    if let Some(reason) = written.overridden_for {
        call.note.detail = Some(Detail::Override);
        call.note.reason = Some(reason.to_owned());
    }
}

pub struct CreatePrescription;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePrescriptionParams {
    /// A visit that is in progress.
    pub encounter_id: Id,
    /// At most 50.
    #[serde(default)]
    pub lines: Vec<LineParams>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for CreatePrescription {
    const NAME: &'static str = "prescription.create";
    const SUMMARY: &'static str = "Writes the draft of a prescription, each of its lines checked.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] = &[
        Code::NotFound,
        Code::NotInProgress,
        Code::Conflict,
        Code::Allergy,
        Code::DuplicateIngredient,
        Code::WrongQuantity,
        Code::RequestIdReused,
    ];
    const SUBJECT: Whom<Self> = |params, _, transaction| encounter::subject(transaction, params.encounter_id);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = CreatePrescriptionParams;
    type Outcome = Prescription;

    fn run(
        params: CreatePrescriptionParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Prescription, Problem> {
        if params.lines.len() > LINES_MAX {
            return Err(Problem::invalid("lines", format!("must be {LINES_MAX} at the most")));
        }
        let lines: Vec<NewLine<'_>> = params.lines.iter().map(LineParams::line).collect();
        let written = prescription::create(transaction, params.encounter_id.0, &lines, call.now);
        let written = written?;
        note(call, written);
        found(transaction, written.sheet_id)
    }
}

pub struct AddLine;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddLineParams {
    pub prescription_id: Id,
    pub line: LineParams,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for AddLine {
    const NAME: &'static str = "prescription.add_line";
    const SUMMARY: &'static str = "Adds a line to a draft.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = CreatePrescription::ERRORS;
    const SUBJECT: Whom<Self> = |params, _, transaction| subject(transaction, params.prescription_id);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = AddLineParams;
    type Outcome = Prescription;

    fn run(
        params: AddLineParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Prescription, Problem> {
        let line = params.line.line();
        let written = prescription::add_line(transaction, params.prescription_id.0, &line, call.now);
        let written = written?;
        note(call, written);
        found(transaction, written.sheet_id)
    }
}

pub struct RemoveLine;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveLineParams {
    pub prescription_id: Id,
    pub line_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for RemoveLine {
    const NAME: &'static str = "prescription.remove_line";
    const SUMMARY: &'static str = "Takes a line out of a draft.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::Conflict, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject(transaction, params.prescription_id);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = RemoveLineParams;
    type Outcome = Prescription;

    fn run(
        params: RemoveLineParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Prescription, Problem> {
        let prescription_id = params.prescription_id.0;
        prescription::remove_line(transaction, prescription_id, params.line_id.0)?;
        found(transaction, prescription_id)
    }
}
